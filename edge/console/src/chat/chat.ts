// Each open room's conversation: what comes in, what goes out, and history when somebody scrolls back.
import type { Connection } from "../core/connection.ts";
import {
  type Draft,
  type Message,
  PAGE_MESSAGES_MAX,
  RECENT_MESSAGES,
  type RoomJoined,
  type User,
} from "../core/contract.ts";
import { compareIds } from "../core/event-id.ts";
import { randomId } from "../core/random-id.ts";
import { mayPass, Refusal } from "../core/refusal.ts";
import { Store, withEntry, withoutEntry } from "../core/store.ts";
import type { Rooms } from "../rooms/rooms.ts";
import * as conversation from "./conversation.ts";
import { type Conversation, SILENCE } from "./conversation.ts";
import { insert, insertPage, insertRecent, trim, withoutContent } from "./timeline.ts";

/** Messages held per room; older ones are read again when somebody scrolls back. */
const MESSAGES_HELD_MAX = 2_000;
/** Pages read to close a gap by itself; a longer one waits for the reader. */
const GAP_PAGES_MAX = 10;
/** The server remembers a request for 10 minutes; a repeat close to that could be taken for a new one. */
const REPEAT_SAFE_MS = 9 * 60_000;

/** What stands in a room's composer. */
export interface ComposerText {
  text: string;
  asCode: boolean;
  language: string;
}

export const NOTHING_TYPED: ComposerText = { text: "", asCode: false, language: "" };

export class Chat {
  readonly rooms = new Store<ReadonlyMap<string, Conversation>>(new Map());
  /** Unsent text of each room, kept while another room is looked at. */
  readonly typed = new Map<string, ComposerText>();
  readonly #connection: Connection;
  readonly #openRooms: Rooms;
  readonly #me: User;
  readonly #loading = new Set<string>();

  constructor(connection: Connection, rooms: Rooms, me: User) {
    this.#connection = connection;
    this.#openRooms = rooms;
    this.#me = me;
    rooms.onJoined((joined) => this.#joined(joined));
    rooms.onLeft((roomId) => {
      this.typed.delete(roomId);
      this.rooms.update((all) => withoutEntry(all, roomId));
    });
    connection.on("message-received", ({ roomId, message }) => {
      const isNew = !this.of(roomId).timeline.messages.some(({ id }) => id === message.id);
      this.#change(roomId, (talk) => trimmed(conversation.received(talk, [message], me.id)));
      if (isNew && message.sender.id !== me.id) rooms.countUnread(roomId);
    });
    connection.on("message-edited", ({ roomId, message }) => {
      const isHeld = this.of(roomId).timeline.messages.some(({ id }) => id === message.id);
      if (isHeld) this.#change(roomId, (talk) => ({ ...talk, timeline: insert(talk.timeline, [message]) }));
    });
    connection.on("message-deleted", ({ roomId, messageId }) =>
      this.#change(roomId, (talk) => ({ ...talk, timeline: withoutContent(talk.timeline, messageId, Date.now()) })),
    );
  }

  of(roomId: string): Conversation {
    return this.rooms.state.get(roomId) ?? SILENCE;
  }

  send(roomId: string, draft: Draft): void {
    const requestId = randomId();
    this.#change(roomId, (talk) =>
      conversation.withLine(talk, { requestId, draft, sentAt: Date.now(), state: "waiting" }),
    );
    if (this.#openRooms.get(roomId)?.phase === "joined") void this.#transmit(roomId, requestId);
  }

  /** Sends a failed line again. A refusal by a rule is remembered with its request id, so such a line needs a new one. */
  retry(roomId: string, requestId: string): void {
    const line = this.of(roomId).sent.find((sent) => sent.requestId === requestId);
    if (line === undefined) return;
    const newId = line.refusal === undefined || mayPass(line.refusal) ? requestId : randomId();
    this.#change(roomId, (talk) => conversation.sentAgain(talk, requestId, newId));
    void this.#transmit(roomId, newId);
  }

  discard(roomId: string, requestId: string): void {
    this.#change(roomId, (talk) => conversation.discarded(talk, requestId));
  }

  /** Reads the page of history before a message. Throws a `Refusal`. */
  async loadBefore(roomId: string, before: string): Promise<void> {
    const key = `${roomId} ${before}`;
    if (this.#loading.has(key)) return;
    this.#loading.add(key);
    try {
      const page = await this.#connection.requestPatiently("get-messages", {
        roomId,
        before,
        limit: PAGE_MESSAGES_MAX,
      });
      this.#change(roomId, (talk) => ({
        ...talk,
        timeline: insertPage(talk.timeline, before, page.messages, page.hasMore),
      }));
    } finally {
      this.#loading.delete(key);
    }
  }

  #joined({ roomId, recentMessages, missed }: RoomJoined): void {
    const newest = this.of(roomId).timeline.messages.at(-1);
    const held = newest !== undefined;
    // With a complete `missed` the log tells everything after what is held; else only the snapshot is certain.
    const complete = missed?.complete === true || recentMessages.length < RECENT_MESSAGES;
    if (held && missed?.complete !== true) {
      const isNews = (message: Message) => compareIds(message.id, newest.id) > 0 && message.sender.id !== this.#me.id;
      for (const _ of recentMessages.filter(isNews)) this.#openRooms.countUnread(roomId);
    }
    this.#change(roomId, (talk) => {
      if (held && missed?.complete === true) return talk;
      const timeline = insertRecent(talk.timeline, recentMessages, complete);
      // Own lines that arrived while the connection was gone are found among the recent messages.
      return { ...conversation.received(talk, recentMessages, this.#me.id), timeline };
    });
    if (held && !complete) void this.#closeGap(roomId);
    void this.#sendWaiting(roomId);
  }

  /** Reads back from the snapshot until it meets what was held before. */
  async #closeGap(roomId: string): Promise<void> {
    for (let page = 0; page < GAP_PAGES_MAX; page += 1) {
      const { messages, holes } = this.of(roomId).timeline;
      const gap = messages.findLast((message, index) => index > 0 && holes.has(message.id));
      if (gap === undefined) return;
      try {
        await this.loadBefore(roomId, gap.id);
      } catch {
        // The gap stays visible, with a button to try again.
        return;
      }
    }
  }

  /** After the missed events were told, so that a line that did arrive is not sent as another. */
  async #sendWaiting(roomId: string): Promise<void> {
    await Promise.resolve();
    for (const line of this.of(roomId).sent) {
      if (line.state === "waiting") void this.#transmit(roomId, line.requestId);
    }
  }

  async #transmit(roomId: string, requestId: string): Promise<void> {
    const line = this.of(roomId).sent.find((sent) => sent.requestId === requestId);
    if (line === undefined) return;
    if (line.state === "waiting" && Date.now() - line.sentAt > REPEAT_SAFE_MS) {
      this.#change(roomId, (talk) => conversation.notSent(talk, requestId, "failed", Refusal.noAnswer()));
      return;
    }
    this.#change(roomId, (talk) => conversation.sentAgain(talk, requestId));
    try {
      const { message } = await this.#connection.request("send-message", { roomId, requestId, ...line.draft });
      this.#change(roomId, (talk) => trimmed(conversation.acknowledged(talk, requestId, message)));
    } catch (cause) {
      const refusal = Refusal.from(cause);
      const state = refusal.code === "offline" ? "waiting" : "failed";
      this.#change(roomId, (talk) => conversation.notSent(talk, requestId, state, refusal));
    }
  }

  #change(roomId: string, change: (talk: Conversation) => Conversation): void {
    // A room that was left meanwhile is not brought back by a late answer.
    if (this.#openRooms.get(roomId) === undefined) return;
    this.rooms.update((all) => withEntry(all, roomId, change(all.get(roomId) ?? SILENCE)));
  }
}

function trimmed(talk: Conversation): Conversation {
  const timeline = trim(talk.timeline, MESSAGES_HELD_MAX);
  return timeline === talk.timeline ? talk : { ...talk, timeline };
}
