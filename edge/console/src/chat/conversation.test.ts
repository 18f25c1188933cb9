// Each thing that can happen between sending a line and seeing its message.
import { expect, test } from "vitest";
import { Refusal } from "../core/refusal.ts";
import {
  acknowledged,
  type Conversation,
  discarded,
  notSent,
  received,
  sentAgain,
  SILENCE,
  visibleLines,
  withLine,
} from "./conversation.ts";
import { message } from "./messages.fixture.ts";

const sending = (talk: Conversation, requestId: string, content = "hello") =>
  withLine(talk, { requestId, draft: { kind: "text", content }, sentAt: 1, state: "sending" });
const hello = (number: number) => message(number, { content: "hello" });
const shown = (talk: Conversation) => [
  ...talk.timeline.messages.map(({ id }) => id),
  ...visibleLines(talk).map(({ requestId }) => requestId),
];

test("a line is replaced by its answer, then by nothing when the event comes", () => {
  let talk = acknowledged(sending(SILENCE, "a"), "a", hello(1));
  expect(shown(talk)).toEqual(["1-0"]);
  talk = received(talk, [hello(1)], "ann");
  expect(shown(talk)).toEqual(["1-0"]);
  expect(talk.sent).toEqual([]);
});

test("a line is replaced by its event, then dropped when the answer comes", () => {
  let talk = received(sending(SILENCE, "a"), [hello(1)], "ann");
  expect(shown(talk)).toEqual(["1-0"]);
  talk = acknowledged(talk, "a", hello(1));
  expect(shown(talk)).toEqual(["1-0"]);
  expect(talk.sent).toEqual([]);
  expect(talk.replaced.get("1-0")).toBe("a");
});

test("the same words twice are two lines and two messages", () => {
  let talk = sending(sending(SILENCE, "a"), "b");
  talk = received(talk, [hello(1)], "ann");
  expect(shown(talk)).toEqual(["1-0", "b"]);
  talk = received(talk, [hello(2)], "ann");
  expect(shown(talk)).toEqual(["1-0", "2-0"]);
  talk = acknowledged(acknowledged(talk, "a", hello(1)), "b", hello(2));
  expect(shown(talk)).toEqual(["1-0", "2-0"]);
});

test("another window's same words do not swallow a line", () => {
  let talk = received(sending(SILENCE, "a"), [hello(1)], "ann");
  expect(shown(talk)).toEqual(["1-0"]);
  talk = acknowledged(talk, "a", hello(2));
  expect(shown(talk)).toEqual(["1-0", "2-0"]);
});

test("an answer takes a message back from the line that claimed it wrongly", () => {
  let talk = received(sending(sending(SILENCE, "a"), "b"), [hello(1)], "ann");
  talk = acknowledged(talk, "b", hello(1));
  expect(shown(talk)).toEqual(["1-0", "a"]);
  expect(shown(acknowledged(talk, "a", hello(2)))).toEqual(["1-0", "2-0"]);
});

test("others' same words are theirs", () => {
  const talk = received(
    sending(SILENCE, "a"),
    [message(1, { content: "hello", sender: { id: "bob", name: "Bob" } })],
    "ann",
  );
  expect(shown(talk)).toEqual(["1-0", "a"]);
});

test("a refused line comes back with its reason, also after a wrong claim", () => {
  const talk = notSent(
    received(sending(SILENCE, "a"), [hello(1)], "ann"),
    "a",
    "failed",
    new Refusal({ code: "muted", message: "" }),
  );
  expect(shown(talk)).toEqual(["1-0", "a"]);
  expect(visibleLines(talk)[0]).toMatchObject({ state: "failed", refusal: { code: "muted" } });
});

test("a line that got no answer is found again when its message turns up", () => {
  let talk = notSent(sending(SILENCE, "a"), "a", "failed", Refusal.noAnswer());
  expect(shown(talk)).toEqual(["a"]);
  talk = received(talk, [hello(1)], "ann");
  expect(shown(talk)).toEqual(["1-0"]);
});

test("a line put off by a lost connection is not doubled by what was missed", () => {
  let talk = notSent(sending(SILENCE, "a"), "a", "waiting", Refusal.offline());
  talk = received(talk, [hello(1)], "ann");
  talk = sentAgain(talk, "a");
  expect(shown(talk)).toEqual(["1-0"]);
  expect(shown(acknowledged(talk, "a", hello(1)))).toEqual(["1-0"]);
});

test("a line goes out again under another request, or not at all", () => {
  const failed = notSent(sending(SILENCE, "a"), "a", "failed", new Refusal({ code: "muted", message: "" }));
  expect(sentAgain(failed, "a", "b").sent).toEqual([expect.objectContaining({ requestId: "b", state: "sending" })]);
  expect(discarded(failed, "a").sent).toEqual([]);
});
