// What one is told of beside the open talk: mentions, invitations, and whatever else the platform sends.
import type { Connection } from "../core/connection.ts";
import type { Notification, Requests, ServerEvents } from "../core/contract.ts";
import { randomId } from "../core/random-id.ts";
import { Store } from "../core/store.ts";
import type { MyRooms } from "../rooms/my-rooms.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { EMPTY_INBOX, type Inbox, withArrived, withNewest, withOlder, withRead } from "./inbox.ts";

const PAGE = 20;

/** What other parts of the page do for a notification. */
export interface Shows {
  /** One that came while something else was looked at. */
  arrived(item: Notification): void;
  /** The message that it is about, in a room that has been entered. */
  message(roomId: string, messageId: string): void;
}

type Which = { notificationIds: string[] } | { all: true; upTo?: string };

export class Notifications {
  readonly inbox = new Store<Inbox>(EMPTY_INBOX);
  readonly #connection: Connection;
  readonly #rooms: Rooms;
  readonly #myRooms: MyRooms;
  readonly #shows: Shows;
  /** A message to bring into view when its room has been entered. */
  #wanted: { roomId: string; messageId: string } | undefined;

  constructor(connection: Connection, rooms: Rooms, myRooms: MyRooms, shows: Shows) {
    this.#connection = connection;
    this.#rooms = rooms;
    this.#myRooms = myRooms;
    this.#shows = shows;
    rooms.onJoined(({ roomId }) => this.#wanted?.roomId === roomId && this.#goToWanted());
    connection.onConnected(() => void this.#load());
    connection.on("notification", (item) => this.#told(item));
    connection.on("notification-read", ({ unreadCount, ...which }) =>
      this.inbox.update((inbox) => withRead(inbox, which, unreadCount, Date.now())),
    );
  }

  /** Reads older ones. Throws a `Refusal`. */
  async more(): Promise<void> {
    const before = this.inbox.state.items.at(-1)?.id;
    const from = before === undefined ? {} : { before };
    const page = await this.#connection.requestPatiently("get-notifications", { limit: PAGE, ...from });
    this.inbox.update((inbox) => withOlder(inbox, page));
  }

  /** Goes where the notification points to; an invitation is accepted by that. */
  open(item: Notification): void {
    const roomId = roomOf(item);
    const { messageId } = item.data;
    if (roomId !== undefined) {
      this.#rooms.enter(roomId);
      this.#wanted = item.kind === "mention" && typeof messageId === "string" ? { roomId, messageId } : undefined;
      if (this.#rooms.get(roomId)?.phase === "joined") this.#goToWanted();
    }
    if (item.readAt === undefined) void this.read({ notificationIds: [item.id] });
  }

  /** All that are known, so that one which arrives at this moment stays unread. */
  async readAll(): Promise<void> {
    const newest = this.inbox.state.items[0];
    if (newest !== undefined) await this.read({ all: true, upTo: newest.id });
  }

  async read(which: Which): Promise<void> {
    const payload: Requests["mark-notification-read"]["payload"] = { ...which, requestId: randomId() };
    try {
      const { unreadCount } = await this.#connection.requestPatiently("mark-notification-read", payload);
      this.inbox.update((inbox) => withRead(inbox, which, unreadCount, Date.now()));
    } catch {
      // They stay unread, and can be marked again.
    }
  }

  #told(item: ServerEvents["notification"]): void {
    const isKnown = this.inbox.state.items.some(({ id }) => id === item.id);
    this.inbox.update((inbox) => withArrived(inbox, item));
    if (isKnown) return;
    const roomId = roomOf(item);
    if (item.kind === "invitation" && roomId !== undefined) {
      // The invitation may have brought another role in a room where one is already.
      void this.#rooms.refresh(roomId);
      void this.#myRooms.load();
    }
    const { active, visible } = this.#rooms.state.state;
    const isInView = item.kind === "mention" && roomId !== undefined && roomId === active && visible;
    if (isInView) void this.read({ notificationIds: [item.id] });
    else this.#shows.arrived(item);
  }

  #goToWanted(): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted !== undefined) this.#shows.message(wanted.roomId, wanted.messageId);
  }

  async #load(): Promise<void> {
    try {
      const page = await this.#connection.requestPatiently("get-notifications", { limit: PAGE });
      this.inbox.update((inbox) => withNewest(inbox, page));
    } catch {
      // What arrives live is shown all the same.
    }
  }
}

/** The room that a notification is about, if it is about one. */
export function roomOf({ data }: Notification): string | undefined {
  return typeof data.roomId === "string" ? data.roomId : undefined;
}
