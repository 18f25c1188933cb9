// What was said before: pages when somebody scrolls back, gaps after a reconnect, threads, and the surroundings of one
// message.
import type { Connection } from "../core/connection.ts";
import { type Message, PAGE_MESSAGES_MAX, type Requests } from "../core/contract.ts";
import { compareIds, idAfter } from "../core/event-id.ts";
import { fromAnswer, held } from "./changes.ts";
import type { Conversation } from "./conversation.ts";
import { type Place, placeKey } from "./desk.ts";
import type { Talks } from "./talks.ts";
import { EMPTY, insert, insertIsland, insertPage, insertRecent, type Timeline } from "./timeline.ts";

/** Pages read to close a gap by itself; a longer one waits for the reader. */
const GAP_PAGES_MAX = 10;
const AROUND_MESSAGES = 30;

export class History {
  readonly #connection: Connection;
  readonly #talks: Talks;
  readonly #myId: string;
  readonly #loading = new Set<string>();

  constructor(connection: Connection, talks: Talks, myId: string) {
    this.#connection = connection;
    this.#talks = talks;
    this.#myId = myId;
  }

  /** Reads the page of history before a message. Throws a `Refusal`. */
  async loadBefore(place: Place, before: string): Promise<void> {
    const key = `${placeKey(place)} ${before}`;
    if (this.#loading.has(key)) return;
    this.#loading.add(key);
    try {
      const page = await this.#page({ ...place, before, limit: PAGE_MESSAGES_MAX });
      this.#change(place, (timeline) => insertPage(timeline, before, page.messages, page.hasMore));
    } finally {
      this.#loading.delete(key);
    }
  }

  /** Reads a message that is not held, with those around it. Throws a `Refusal`. */
  async loadAround(place: Place, messageId: string): Promise<void> {
    const [before, after] = await Promise.all([
      this.#page({ ...place, before: idAfter(messageId), limit: AROUND_MESSAGES }),
      this.#page({ ...place, after: messageId, limit: AROUND_MESSAGES }),
    ]);
    const island = [...before.messages, ...after.messages];
    this.#change(place, (timeline) => insertIsland(timeline, island, before.hasMore, after.hasMore));
  }

  /** Reads a thread's last messages and the one that began it. Throws a `Refusal`. */
  async loadThread(roomId: string, threadId: string): Promise<void> {
    const known = held(this.#talks.of(roomId), threadId);
    const [page, root] = await Promise.all([
      this.#page({ roomId, threadId, limit: PAGE_MESSAGES_MAX }),
      known === undefined ? this.#one(roomId, threadId) : known,
    ]);
    this.#talks.change(roomId, (talk) => {
      const answers = insertRecent(EMPTY, page.messages, !page.hasMore);
      // What came while the page was on its way is held in the room's talk.
      const since = page.messages[0]?.id ?? threadId;
      const isLater = (message: Message) => message.threadId === threadId && compareIds(message.id, since) >= 0;
      const meanwhile = talk.timeline.messages.filter(isLater);
      const first = held(talk, threadId) ?? root;
      const thread = insert(answers, first === undefined ? meanwhile : [first, ...meanwhile]);
      return { ...talk, threads: new Map(talk.threads).set(threadId, thread) };
    });
  }

  /** Reads back from the snapshot until it meets what was held before. */
  async closeGap(roomId: string): Promise<void> {
    for (let page = 0; page < GAP_PAGES_MAX; page += 1) {
      const { messages, holes } = this.#talks.of(roomId).timeline;
      const gap = messages.findLast((message, index) => index > 0 && holes.has(message.id));
      if (gap === undefined) return;
      try {
        await this.loadBefore({ roomId }, gap.id);
      } catch {
        // The gap stays visible, with a button to try again.
        return;
      }
    }
  }

  async #one(roomId: string, messageId: string): Promise<Message | undefined> {
    const { messages } = await this.#page({ roomId, before: idAfter(messageId), limit: 1 });
    return messages.find(({ id }) => id === messageId);
  }

  async #page(wanted: Requests["get-messages"]["payload"]): Promise<Requests["get-messages"]["answer"]> {
    const { messages, hasMore } = await this.#connection.requestPatiently("get-messages", wanted);
    return { messages: messages.map((message) => fromAnswer(message, this.#myId)), hasMore };
  }

  #change({ roomId, threadId }: Place, how: (timeline: Timeline) => Timeline): void {
    this.#talks.change(roomId, (talk): Conversation => {
      if (threadId === undefined) return { ...talk, timeline: how(talk.timeline) };
      const thread = how(talk.threads.get(threadId) ?? EMPTY);
      return { ...talk, threads: new Map(talk.threads).set(threadId, thread) };
    });
  }
}
