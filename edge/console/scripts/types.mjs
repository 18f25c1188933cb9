// Makes src/core/events.ts, the TypeScript definitions of all events, from the AsyncAPI document on standard
// input. With --check it writes nothing and fails where the file is not what it would write.
//
//   realtime events --asyncapi | node scripts/types.mjs [--check]
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const FILE = fileURLToPath(new URL("../src/core/events.ts", import.meta.url));

const HEAD = `// Made by \`make types\` from the AsyncAPI document; not to be edited.
//
// Every event with its payload and its answer, for \`Socket<ServerToClientEvents, ClientToServerEvents>\` of
// socket.io-client. Socket.IO finds the type of an answer only where the callback is not optional; so it is
// optional only for events whose answer says nothing.`;

const ANSWER = `/** What an acknowledgement says. */
export type Answer<Result> = ({ ok: true } & Result) | { ok: false; error: ErrorBody };`;

/** The last part of a reference: `#/components/schemas/Room` names `Room`. */
const nameOf = ({ $ref }) => $ref.split("/").at(-1);

/** All named types; the library wants something that refers to them, which is left out again. */
async function namedTypes(schemas) {
  const text = JSON.stringify(schemas).replaceAll("#/components/schemas/", "#/definitions/");
  const properties = Object.fromEntries(
    Object.keys(schemas).map((name) => [name, { $ref: `#/definitions/${name}` }]),
  );
  const all = { type: "object", properties, additionalProperties: false, definitions: JSON.parse(text) };
  const types = await compile(all, "Everything", {
    additionalProperties: false,
    bannerComment: "",
    format: true,
    ignoreMinAndMaxItems: true,
    style: { printWidth: 120 },
    unknownAny: true,
  });
  const wanted = types.replace(/export interface Everything \{[^}]*\}\n/, "").trim();
  return wanted.replace(/\/\*\*\n *\* (.*)\n *\*\//g, "/** $1 */");
}

/** One interface of events: each with its summary and its signature. */
function events(name, about, members) {
  const lines = members.map(([event, summary, signature]) => `  /** ${summary} */\n  "${event}": ${signature};`);
  return `/** ${about} */\nexport interface ${name} {\n${lines.join("\n")}\n}`;
}

function bothWays({ operations, components: { messages, schemas } }) {
  const payload = (event) => nameOf(messages[event].payload);
  const sent = [];
  const told = [];
  for (const [event, { action, summary }] of Object.entries(operations)) {
    if (action === "send") {
      told.push([event, summary, `(payload: ${payload(event)}) => void`]);
    } else {
      const result = nameOf(messages[`${event}.ack`].payload.oneOf[0].allOf[1]);
      const ack = schemas[result].properties === undefined ? "ack?" : "ack";
      const callback = `(answer: Answer<${result}>) => void`;
      sent.push([event, summary, `(payload: ${payload(event)}, ${ack}: ${callback}) => void`]);
    }
  }
  return [
    events("ClientToServerEvents", "The events that clients send.", sent),
    events("ServerToClientEvents", "The events that the server sends.", told),
  ];
}

const document = JSON.parse(readFileSync(0, "utf8"));
const types = await namedTypes(document.components.schemas);
const text = [HEAD, types, ANSWER, ...bothWays(document)].join("\n\n") + "\n";
if (!process.argv.includes("--check")) {
  writeFileSync(FILE, text);
} else if (readFileSync(FILE, "utf8") !== text) {
  console.error("edge/console/src/core/events.ts is not what the events are now: run `make types`");
  process.exit(1);
}
