// Each open room's conversation: what comes in, and the parts that send, read back, act and keep the reader's place.
import type { Connection } from "../core/connection.ts";
import { type Message, RECENT_MESSAGES, type RoomJoined, type User } from "../core/contract.ts";
import { Refusal } from "../core/refusal.ts";
import type { Presence } from "../presence/presence.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { Actions } from "./actions.ts";
import { deleted, edited, fromAnswer, fromEvent, held, reacted } from "./changes.ts";
import * as conversation from "./conversation.ts";
import { Desk } from "./desk.ts";
import { History } from "./history.ts";
import { Lines } from "./lines.ts";
import { told } from "./reactions.ts";
import { Reading } from "./reading.ts";
import { Talks } from "./talks.ts";
import { insertRecent } from "./timeline.ts";

export class Chat {
  readonly talks: Talks;
  readonly lines: Lines;
  readonly history: History;
  readonly actions: Actions;
  readonly reading: Reading;
  readonly desk = new Desk();
  readonly #openRooms: Rooms;
  readonly #presence: Presence;
  readonly #me: User;
  /** Room → the message to go to once the room is entered. */
  readonly #wanted = new Map<string, string>();
  /** What `peopleOf` found, and from what: it is asked for by every row that names somebody. */
  readonly #people = new Map<string, { list: unknown; messages: unknown; people: readonly User[] }>();

  constructor(connection: Connection, rooms: Rooms, presence: Presence, me: User) {
    this.#openRooms = rooms;
    this.#presence = presence;
    this.#me = me;
    this.talks = new Talks(rooms);
    this.lines = new Lines(connection, rooms, this.talks, me.id);
    this.history = new History(connection, this.talks, me.id);
    this.actions = new Actions(connection, this.talks, me);
    this.reading = new Reading(connection, rooms, this.talks, me.id);
    rooms.onJoined((joined) => this.#joined(joined));
    rooms.onLeft((roomId) => {
      this.desk.clear(roomId);
      this.#people.delete(roomId);
      this.#wanted.delete(roomId);
    });
    connection.on("message-received", ({ roomId, message }) => this.#received(roomId, message));
    connection.on("message-edited", ({ roomId, message }) =>
      this.talks.change(roomId, (talk) => edited(talk, message, me.id)),
    );
    connection.on("message-deleted", ({ roomId, messageId, deletedBy }) =>
      this.talks.change(roomId, (talk) => deleted(talk, messageId, deletedBy, Date.now())),
    );
    connection.on("message-reaction", ({ roomId, messageId, reactions }) =>
      this.talks.change(roomId, (talk) => reacted(talk, messageId, (before) => told(reactions, me.id, before))),
    );
  }

  /**
   * Brings a message into view, in its thread if it belongs to one; in a room that is being entered, as soon as that is
   * done. Throws a `Refusal`.
   */
  async goTo(roomId: string, messageId: string): Promise<void> {
    if (this.#openRooms.get(roomId)?.phase !== "joined") {
      this.#wanted.set(roomId, messageId);
      return;
    }
    if (held(this.talks.of(roomId), messageId) === undefined) await this.history.loadAround({ roomId }, messageId);
    const message = held(this.talks.of(roomId), messageId);
    if (message === undefined) throw new Refusal({ code: "not-found", message: "this message is not kept any more" });
    const { threadId } = message;
    if (threadId === undefined) return this.desk.seek({ roomId }, messageId);
    this.desk.openThread(roomId, threadId);
    this.desk.seek({ roomId, threadId }, messageId);
  }

  /** Those who are in a room and those who wrote there, oneself included. */
  peopleOf(roomId: string): readonly User[] {
    const { list } = this.#presence.of(roomId);
    const { messages } = this.talks.of(roomId).timeline;
    const known = this.#people.get(roomId);
    if (known?.list === list && known.messages === messages) return known.people;
    const people = new Map<string, User>([[this.#me.id, this.#me]]);
    for (const { id, name } of list.values()) people.set(id, { id, name });
    for (const { sender } of messages.toReversed()) if (!people.has(sender.id)) people.set(sender.id, sender);
    const found = [...people.values()];
    this.#people.set(roomId, { list, messages, people: found });
    return found;
  }

  nameOf(roomId: string, userId: string): string {
    return this.peopleOf(roomId).find(({ id }) => id === userId)?.name ?? userId;
  }

  #received(roomId: string, message: Message): void {
    const isNew = held(this.talks.of(roomId), message.id) === undefined;
    this.talks.extend(roomId, (talk) =>
      conversation.received(talk, [fromEvent(talk, message, this.#me.id)], this.#me.id),
    );
    if (isNew && message.sender.id !== this.#me.id) this.#openRooms.countUnread(roomId);
  }

  #joined({ roomId, recentMessages, missed }: RoomJoined): void {
    const newest = this.talks.of(roomId).timeline.messages.at(-1);
    const recent = recentMessages.map((message) => fromAnswer(message, this.#me.id));
    // With a complete `missed` the log tells everything after what is held; else only the snapshot is certain.
    const complete = missed?.complete === true || recent.length < RECENT_MESSAGES;
    this.talks.change(roomId, (talk) => {
      if (newest !== undefined && missed?.complete === true) return talk;
      const timeline = insertRecent(talk.timeline, recent, complete);
      // Own lines that arrived while the connection was gone are found among the recent messages. What is missing in
      // the threads is not known, so they are read anew.
      return { ...conversation.received(talk, recent, this.#me.id), timeline, threads: new Map() };
    });
    if (newest !== undefined && !complete) void this.history.closeGap(roomId);
    void this.lines.sendWaiting(roomId);
    const wanted = this.#wanted.get(roomId);
    this.#wanted.delete(roomId);
    // Nobody waits for it any more: where the message is gone, one is in the room all the same.
    if (wanted !== undefined) this.goTo(roomId, wanted).catch(() => undefined);
  }
}
