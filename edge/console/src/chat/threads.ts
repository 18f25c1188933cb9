// Threads: a message's answers, apart from the room's talk. `threadId` is the id of the message that began it.
import type { Message, User } from "../core/contract.ts";
import type { Conversation } from "./conversation.ts";
import { EMPTY, type Timeline } from "./timeline.ts";

/** What a message shows of the thread that it began. */
export interface ThreadSummary {
  count: number;
  /** The last few who wrote there, the latest first. */
  people: User[];
  lastAt: number;
}

const PEOPLE_SHOWN = 3;

/** The threads known from the messages that are held. Of one that was opened to its beginning the count is exact. */
export function threadSummaries(talk: Conversation): Map<string, ThreadSummary> {
  const answers = new Map<string, Map<string, Message>>();
  const count = ({ messages }: Timeline) => {
    for (const message of messages) {
      if (message.threadId === undefined || message.deletedAt !== undefined) continue;
      const known = answers.get(message.threadId) ?? new Map<string, Message>();
      answers.set(message.threadId, known.set(message.id, message));
    }
  };
  count(talk.timeline);
  for (const thread of talk.threads.values()) count(thread);
  return new Map([...answers].map(([id, known]) => [id, summary([...known.values()])]));
}

/** A thread as a talk of its own: what is held of it, the message that began it first, and what is on its way there. */
export function threadTalk(talk: Conversation, threadId: string): Conversation {
  return {
    ...talk,
    timeline: talk.threads.get(threadId) ?? EMPTY,
    sent: talk.sent.filter(({ draft }) => draft.threadId === threadId),
  };
}

export function repliesLabel(count: number): string {
  return count === 1 ? "1 reply" : `${count} replies`;
}

function summary(answers: Message[]): ThreadSummary {
  answers.sort((left, right) => left.createdAt - right.createdAt);
  const people = new Map<string, User>();
  for (const { sender } of answers.toReversed()) people.set(sender.id, people.get(sender.id) ?? sender);
  return {
    count: answers.length,
    people: [...people.values()].slice(0, PEOPLE_SHOWN),
    lastAt: answers.at(-1)?.createdAt ?? 0,
  };
}
