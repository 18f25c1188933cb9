// The unmodified socket.io-client in Node: two users on two edges who chat, over each transport.
// The Rust test `clients` starts the system and gives: EDGE_URLS (two, comma separated), TOKEN_ANA,
// TOKEN_BEN.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, test } from "node:test";
import { io } from "socket.io-client";

const [firstEdge, secondEdge] = process.env.EDGE_URLS.split(",");
const tokens = { ana: process.env.TOKEN_ANA, ben: process.env.TOKEN_BEN };
const opened = [];

function connect(url, user, options = {}) {
  const socket = io(url, { auth: { token: tokens[user] }, forceNew: true, ...options });
  opened.push(socket);
  return socket;
}

async function connected(url, user, options) {
  const socket = connect(url, user, options);
  await once(socket, "connect");
  return socket;
}

async function call(socket, event, payload) {
  const answer = await socket.timeout(20_000).emitWithAck(event, payload);
  assert.equal(answer.ok, true, `${event}: ${JSON.stringify(answer)}`);
  return answer;
}

after(() => opened.forEach((socket) => socket.disconnect()));

for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
  test(`two users chat over ${transports.join(" and then ")}`, async () => {
    const room = `node-${transports.join("-")}`;
    const ana = await connected(firstEdge, "ana", { transports });
    const ben = await connected(secondEdge, "ben", { transports });
    await call(ana, "join-room", { roomId: room });
    const joined = once(ana, "user-joined-room");
    assert.equal((await call(ben, "join-room", { roomId: room })).memberCount, 2);
    assert.equal((await joined)[0].user.id, "ben");

    // Enough to be on their way while the transport changes.
    const received = [];
    const all = new Promise((resolve) => {
      ben.on("message-received", (event) => {
        received.push(event.message.content);
        if (received.length === 100) resolve();
      });
    });
    const contents = Array.from({ length: 100 }, (_, number) => `message ${number} ✓`);
    const answers = await Promise.all(
      contents.map((content) => call(ana, "send-message", { roomId: room, content })),
    );
    await all;
    assert.deepEqual(received, contents);
    assert.equal(new Set(answers.map((answer) => answer.message.id)).size, contents.length);
    assert.equal(ben.io.engine.transport.name, transports.at(-1));
    ana.disconnect();
    ben.disconnect();
  });
}

test("a bad token is a connect_error with its code, and a good one gets in afterwards", async () => {
  const socket = connect(firstEdge, "ana", { auth: { token: "no token" } });
  const [error] = await once(socket, "connect_error");
  assert.equal(error.data.code, "invalid-token");
  socket.auth = { token: tokens.ana };
  socket.connect();
  await once(socket, "connect");
});

test("a client whose transport breaks comes back by itself and catches up", async () => {
  const ana = await connected(firstEdge, "ana");
  const ben = await connected(secondEdge, "ben", { transports: ["websocket"], reconnectionDelay: 10 });
  const { id: since } = await call(ben, "join-room", { roomId: "node-return" });
  await call(ana, "join-room", { roomId: "node-return" });
  const back = once(ben, "connect");
  ben.io.engine.close();
  await call(ana, "send-message", { roomId: "node-return", content: "meanwhile" });
  await back;
  const { missed } = await call(ben, "join-room", { roomId: "node-return", since });
  const messages = missed.events.filter(({ event }) => event === "message-received");
  assert.deepEqual(messages.map(({ payload }) => payload.message.content), ["meanwhile"]);
});

test("the client's own retries send a message once", async () => {
  const ana = await connected(firstEdge, "ana", { retries: 3, ackTimeout: 20_000 });
  await ana.emitWithAck("join-room", { roomId: "node-retries" });
  const payload = { roomId: "node-retries", content: "once", requestId: "r-1" };
  const first = await ana.emitWithAck("send-message", payload);
  assert.deepEqual(await ana.emitWithAck("send-message", payload), first);
  const history = await ana.emitWithAck("get-messages", { roomId: "node-retries" });
  assert.equal(history.messages.length, 1);
});

test("an event with an attachment is refused and the connection goes on", async () => {
  const ana = await connected(firstEdge, "ana");
  const payload = { roomId: "node-binary", content: Buffer.from("bytes") };
  const answer = await ana.timeout(20_000).emitWithAck("send-message", payload);
  assert.equal(answer.error.code, "invalid-payload");
  await call(ana, "join-room", { roomId: "node-binary" });
});
