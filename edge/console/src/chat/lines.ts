// Sending: a line is shown at once, goes out when there is a connection, and says why where the server refuses it.
import type { Connection } from "../core/connection.ts";
import type { Draft, Quote } from "../core/contract.ts";
import { randomId } from "../core/random-id.ts";
import { mayPass, Refusal } from "../core/refusal.ts";
import { Store, withEntry, withoutEntry } from "../core/store.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { fromAnswer } from "./changes.ts";
import * as conversation from "./conversation.ts";
import { NO_HURRY, type Pace, withRefusal, withSent } from "./pace.ts";
import type { Talks } from "./talks.ts";

/** The server remembers a request for 10 minutes; a repeat close to that could be taken for a new one. */
const REPEAT_SAFE_MS = 9 * 60_000;

export class Lines {
  /** How fast one may write in each room. */
  readonly paces = new Store<ReadonlyMap<string, Pace>>(new Map());
  readonly #connection: Connection;
  readonly #openRooms: Rooms;
  readonly #talks: Talks;
  readonly #myId: string;

  constructor(connection: Connection, openRooms: Rooms, talks: Talks, myId: string) {
    this.#connection = connection;
    this.#openRooms = openRooms;
    this.#talks = talks;
    this.#myId = myId;
    openRooms.onLeft((roomId) => this.paces.update((all) => withoutEntry(all, roomId)));
    connection.on("message-received", ({ roomId, message }, { replayed }) => {
      if (!replayed && message.sender.id === myId) this.#paced(roomId, (pace) => withSent(pace, Date.now()));
    });
  }

  send(roomId: string, draft: Draft, quote?: Quote): void {
    const requestId = randomId();
    this.#talks.change(roomId, (talk) =>
      conversation.withLine(talk, {
        requestId,
        draft,
        sentAt: Date.now(),
        state: "waiting",
        ...(quote === undefined ? {} : { quote }),
      }),
    );
    if (this.#openRooms.get(roomId)?.phase === "joined") void this.#transmit(roomId, requestId);
  }

  /** Sends a failed line again. A refusal by a rule is remembered with its request id, so the line needs a new one. */
  retry(roomId: string, requestId: string): void {
    const line = this.#line(roomId, requestId);
    if (line === undefined) return;
    const newId = line.refusal === undefined || mayPass(line.refusal) ? requestId : randomId();
    this.#talks.change(roomId, (talk) => conversation.sentAgain(talk, requestId, newId));
    void this.#transmit(roomId, newId);
  }

  discard(roomId: string, requestId: string): void {
    this.#talks.change(roomId, (talk) => conversation.discarded(talk, requestId));
  }

  /** After the missed events were told, so that a line that did arrive is not sent as another. */
  async sendWaiting(roomId: string): Promise<void> {
    await Promise.resolve();
    for (const line of this.#talks.of(roomId).sent) {
      if (line.state === "waiting") void this.#transmit(roomId, line.requestId);
    }
  }

  async #transmit(roomId: string, requestId: string): Promise<void> {
    const line = this.#line(roomId, requestId);
    if (line === undefined) return;
    if (line.state === "waiting" && Date.now() - line.sentAt > REPEAT_SAFE_MS) {
      this.#talks.change(roomId, (talk) => conversation.notSent(talk, requestId, "failed", Refusal.noAnswer()));
      return;
    }
    this.#talks.change(roomId, (talk) => conversation.sentAgain(talk, requestId));
    try {
      const { message } = await this.#connection.request("send-message", { roomId, requestId, ...line.draft });
      this.#paced(roomId, (pace) => withSent(pace, Date.now()));
      const mine = fromAnswer(message, this.#myId);
      this.#talks.extend(roomId, (talk) => conversation.acknowledged(talk, requestId, mine));
    } catch (cause) {
      const refusal = Refusal.from(cause);
      this.#paced(roomId, (pace) => withRefusal(pace, refusal));
      const state = refusal.code === "offline" ? "waiting" : "failed";
      this.#talks.change(roomId, (talk) => conversation.notSent(talk, requestId, state, refusal));
    }
  }

  #line(roomId: string, requestId: string): conversation.SentLine | undefined {
    return this.#talks.of(roomId).sent.find((sent) => sent.requestId === requestId);
  }

  #paced(roomId: string, how: (pace: Pace) => Pace): void {
    if (this.#openRooms.get(roomId) === undefined) return;
    this.paces.update((all) => withEntry(all, roomId, how(all.get(roomId) ?? NO_HURRY)));
  }
}
