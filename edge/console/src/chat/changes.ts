// What can happen to a message that is there already. Each is told live and again after a reconnect, so applying it
// twice is the same as once; and what is told of a message that this page does not hold changes nothing.
import type { Message, Reactions, User } from "../core/contract.ts";
import type { Conversation } from "./conversation.ts";
import { answered, told } from "./reactions.ts";
import { change, find, insert, type Timeline } from "./timeline.ts";

/** A message as this page keeps it. */
export interface HeldMessage extends Message {
  /** Known where the deletion was seen to happen. */
  deletedBy?: User;
}

/** Looks for a message in the room's talk and in the threads that were opened. */
export function held(talk: Conversation, messageId: string): HeldMessage | undefined {
  const found = find(talk.timeline, messageId);
  if (found !== undefined) return found;
  for (const thread of talk.threads.values()) {
    const message = find(thread, messageId);
    if (message !== undefined) return message;
  }
  return undefined;
}

/** A message from an answer to oneself. */
export function fromAnswer(message: Message, myId: string): Message {
  return { ...message, reactions: answered(message.reactions, myId) };
}

/** A message from an event, which goes to everybody alike. */
export function fromEvent(talk: Conversation, message: Message, myId: string): Message {
  return { ...message, reactions: told(message.reactions, myId, held(talk, message.id)?.reactions) };
}

export function edited(talk: Conversation, message: Message, myId: string): Conversation {
  const current = fromEvent(talk, message, myId);
  return everywhere(talk, (timeline) =>
    find(timeline, message.id) === undefined ? timeline : insert(timeline, [current]),
  );
}

export function reacted(talk: Conversation, messageId: string, how: (before: Reactions) => Reactions): Conversation {
  return everywhere(talk, (timeline) =>
    change(timeline, messageId, (message) =>
      message.deletedAt === undefined ? { ...message, reactions: how(message.reactions) } : message,
    ),
  );
}

/** A deleted message keeps its place without its words, and so do the answers that quote it. */
export function deleted(talk: Conversation, messageId: string, deletedBy: User, at: number): Conversation {
  return everywhere(talk, (timeline) => {
    const blanked = change(timeline, messageId, (message) => {
      const { language: _, replyTo: __, ...rest } = message;
      const deletion = { content: "", mentions: [], reactions: {}, deletedAt: message.deletedAt ?? at, deletedBy };
      return { ...rest, ...deletion } as HeldMessage;
    });
    return withoutQuotes(blanked, messageId);
  });
}

function withoutQuotes(timeline: Timeline, messageId: string): Timeline {
  if (!timeline.messages.some(({ replyTo }) => replyTo?.id === messageId)) return timeline;
  const messages = timeline.messages.map((message) =>
    message.replyTo?.id === messageId ? { ...message, replyTo: { ...message.replyTo, excerpt: "" } } : message,
  );
  return { ...timeline, messages };
}

function everywhere(talk: Conversation, how: (timeline: Timeline) => Timeline): Conversation {
  const timeline = how(talk.timeline);
  let { threads } = talk;
  for (const [id, thread] of talk.threads) {
    const changed = how(thread);
    if (changed !== thread) threads = new Map(threads).set(id, changed);
  }
  return timeline === talk.timeline && threads === talk.threads ? talk : { ...talk, timeline, threads };
}
