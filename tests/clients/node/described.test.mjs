// The AsyncAPI document that an edge serves: it is valid, and what the edge sends is what it says. The Rust
// test `described` starts the system and gives: EDGE_URLS (two, comma separated), TOKEN_ANA, TOKEN_BEN.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import specs from "@asyncapi/specs";
import Ajv from "ajv";
import { io } from "socket.io-client";

const [firstEdge, secondEdge] = process.env.EDGE_URLS.split(",");
const opened = [];
let document;

/** Schemas are AsyncAPI's own, which bring draft 07 with them; formats are for people here. */
const validator = () => new Ajv({ meta: false, strict: false, validateFormats: false, validateSchema: false });

before(async () => {
  document = await (await fetch(`${firstEdge}/asyncapi.json`)).json();
});

after(() => opened.forEach((socket) => socket.disconnect()));

test("the document is valid AsyncAPI 3", () => {
  const isValid = validator().compile(specs.schemas["3.0.0"]);
  assert.ok(isValid(document), JSON.stringify(isValid.errors));
});

test("every reference leads somewhere", () => {
  JSON.stringify(document, (key, value) => {
    if (key === "$ref") {
      const found = value.split("/").slice(1).reduce((within, name) => within?.[name], document);
      assert.notEqual(found, undefined, value);
    }
    return value;
  });
});

test("examples, answers and events are as the document says", async () => {
  const ajv = validator().addSchema(document, "asyncapi");
  const fits = (message, payload) => {
    const ref = `asyncapi#/components/messages/${message}/payload`;
    assert.ok(ajv.validate({ $ref: ref }, payload), `${message}: ${ajv.errorsText()} ${JSON.stringify(payload)}`);
  };
  for (const [name, { examples = [] }] of Object.entries(document.components.messages)) {
    for (const { payload } of examples) fits(name, payload);
  }
  assert.throws(() => fits("send-message", { roomId: "described" }), "what does not fit is seen");

  const connect = (url, token) => {
    const socket = io(url, { auth: { token }, forceNew: true });
    opened.push(socket);
    socket.onAny(fits);
    return socket;
  };
  const ana = connect(firstEdge, process.env.TOKEN_ANA);
  const ben = connect(secondEdge, process.env.TOKEN_BEN);
  const call = async (socket, event, payload) => {
    fits(event, payload);
    const answer = await socket.timeout(20_000).emitWithAck(event, payload);
    fits(`${event}.ack`, answer);
    return answer;
  };
  const roomId = "described";
  await call(ana, "create-room", { roomId, type: "discussion", access: { visibility: "public" } });
  await call(ana, "join-room", { roomId });
  await call(ben, "join-room", { roomId });
  const { message } = await call(ben, "send-message", { roomId, content: "a", mentions: ["ana"] });
  await call(ana, "react", { roomId, messageId: message.id, emoji: "👍", on: true });
  await call(ana, "send-message", { roomId, content: "b", replyTo: message.id, threadId: message.id });
  await call(ben, "report-message", { roomId, messageId: message.id, reason: "other" });
  await call(ana, "get-messages", { roomId });
  await call(ana, "get-notifications", {});
  await call(ben, "close-room", { roomId });
  const muted = once(ben, "user-muted");
  await call(ana, "mute-user", { roomId, userId: "ben", durationMs: 60_000 });
  await muted;
  assert.equal((await call(ben, "send-message", { roomId, content: "c" })).error.code, "muted");
});
