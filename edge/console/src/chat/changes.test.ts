// Edits, deletions and reactions, told once or again, of messages that are held or not.
import { expect, test } from "vitest";
import { deleted, edited, held, reacted } from "./changes.ts";
import { type Conversation, received, SILENCE } from "./conversation.ts";
import { message, messages } from "./messages.fixture.ts";
import { told } from "./reactions.ts";
import { EMPTY, insert } from "./timeline.ts";

const bob = { id: "bob", name: "Bob" };
const reply = message(3, { replyTo: { id: "2-0", sender: bob, excerpt: "message 2" }, threadId: "1-0" });
const talk: Conversation = {
  ...received(SILENCE, [...messages(1, 2), reply], "zoe"),
  threads: new Map([["1-0", insert(EMPTY, [reply])]]),
};

test("an edit reaches the talk and the thread, and twice is once", () => {
  const change = { ...reply, content: "better", editedAt: 9 };
  const once = edited(talk, change, "ann");
  expect(held(once, "3-0")).toMatchObject({ content: "better", editedAt: 9 });
  expect(once.threads.get("1-0")?.messages[0]?.content).toBe("better");
  expect(edited(once, change, "ann").timeline.messages).toEqual(once.timeline.messages);
});

test("an edit keeps one's own reaction beyond those that are named", () => {
  const thumbs = { "👍": { count: 30, users: ["bob"], me: true } };
  const mine = reacted(talk, "1-0", () => thumbs);
  const change = message(1, { content: "x", editedAt: 9, reactions: { "👍": { count: 30, users: ["bob"] } } });
  expect(held(edited(mine, change, "ann"), "1-0")?.reactions["👍"]?.me).toBe(true);
});

test("what is told of a message that is not held changes nothing", () => {
  expect(edited(talk, message(9), "ann")).toBe(talk);
  expect(deleted(talk, "9-0", bob, 5)).toBe(talk);
  expect(reacted(talk, "9-0", () => ({ "👍": { count: 1, users: ["bob"] } }))).toBe(talk);
});

test("a deletion blanks the message and the answers that quote it", () => {
  const gone = deleted(talk, "2-0", bob, 5);
  expect(held(gone, "2-0")).toMatchObject({ content: "", deletedAt: 5, deletedBy: bob, reactions: {} });
  expect(held(gone, "3-0")?.replyTo).toEqual({ id: "2-0", sender: bob, excerpt: "" });
  expect(gone.threads.get("1-0")?.messages[0]?.replyTo?.excerpt).toBe("");
  expect(held(deleted(gone, "2-0", bob, 7), "2-0")?.deletedAt).toBe(5);
});

test("reactions reach the talk and the thread, and a late one does not decorate a tombstone", () => {
  const thumbs = { "👍": { count: 1, users: ["ann"] } };
  const liked = reacted(talk, "3-0", (before) => told(thumbs, "ann", before));
  expect(held(liked, "3-0")?.reactions["👍"]?.me).toBe(true);
  expect(liked.threads.get("1-0")?.messages[0]?.reactions["👍"]?.count).toBe(1);
  expect(
    held(
      reacted(deleted(talk, "2-0", bob, 5), "2-0", () => thumbs),
      "2-0",
    )?.reactions,
  ).toEqual({});
});
