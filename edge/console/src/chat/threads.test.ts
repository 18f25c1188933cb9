// Threads as they are known from the room's talk and from having been opened.
import { expect, test } from "vitest";
import { type Conversation, received, SILENCE, visibleLines, withLine } from "./conversation.ts";
import { message } from "./messages.fixture.ts";
import { threadSummaries, threadTalk } from "./threads.ts";
import { EMPTY, insert } from "./timeline.ts";

const ann = { id: "ann", name: "Ann" };
const bob = { id: "bob", name: "Bob" };
const answer = (number: number, sender = bob) => message(number, { threadId: "1-0", sender });
const talk: Conversation = {
  ...received(SILENCE, [message(1), message(2), answer(4, ann), answer(5)], "zoe"),
  threads: new Map([["1-0", insert(EMPTY, [answer(3), answer(4, ann), answer(5)])]]),
};

test("a thread counts each answer once, and not those that were deleted", () => {
  expect(threadSummaries(talk).get("1-0")).toEqual({ count: 3, people: [bob, ann], lastAt: 5 });
  const less = received(talk, [{ ...answer(5), deletedAt: 9, content: "" }], "zoe");
  expect(threadSummaries(less).get("1-0")).toMatchObject({ count: 2, lastAt: 4 });
  expect(threadSummaries(talk).has("2-0")).toBe(false);
});

test("an answer reaches the talk and the thread if that was opened", () => {
  const next = received(talk, [answer(6), message(7, { threadId: "2-0" })], "zoe");
  expect(next.timeline.messages.map(({ id }) => id)).toEqual(["1-0", "2-0", "4-0", "5-0", "6-0", "7-0"]);
  expect(threadTalk(next, "1-0").timeline.messages.map(({ id }) => id)).toEqual(["3-0", "4-0", "5-0", "6-0"]);
  expect(threadTalk(next, "2-0").timeline.messages).toEqual([]);
});

test("what is on its way to a thread is there and nowhere else", () => {
  const line = { requestId: "a", sentAt: 1, state: "sending" } as const;
  const draft = { kind: "text", content: "hi" } as const;
  const next = withLine(withLine(talk, { ...line, draft: { ...draft, threadId: "1-0" } }), {
    ...line,
    requestId: "b",
    draft,
  });
  expect(visibleLines(threadTalk(next, "1-0")).map(({ requestId }) => requestId)).toEqual(["a"]);
});

test("the same words in the room do not stand for a line of the thread", () => {
  const draft = { kind: "text", content: "hi", threadId: "1-0" } as const;
  const sending = withLine(talk, { requestId: "a", draft, sentAt: 1, state: "sending" });
  const elsewhere = received(sending, [message(8, { content: "hi" })], "ann");
  expect(visibleLines(elsewhere)).toHaveLength(1);
  const there = received(sending, [message(8, { content: "hi", threadId: "1-0" })], "ann");
  expect(visibleLines(there)).toHaveLength(0);
});
