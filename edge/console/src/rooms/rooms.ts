// The rooms that are open on this page: entering, coming back after a reconnect, leaving, and which one is looked at.
// Features learn of a room's (new) state through `onJoined`; what a room's log tells again goes to them as events.
import type { Connection } from "../core/connection.ts";
import type { Room, RoomJoined, ServerEvents } from "../core/contract.ts";
import { laterId } from "../core/event-id.ts";
import { Refusal } from "../core/refusal.ts";
import { Store, withEntry, withoutEntry } from "../core/store.ts";
import { described, opened, type OpenRoom, type RoomsState } from "./open-room.ts";
import { endOf, isOver } from "./refused.ts";
import { loadRooms, ROOMS_MAX, saveRooms } from "./saved-rooms.ts";

export type { OpenRoom, RoomsState } from "./open-room.ts";

export class Rooms {
  readonly state: Store<RoomsState>;
  readonly #connection: Connection;
  readonly #userId: string;
  readonly #joinedListeners: ((joined: RoomJoined) => void)[] = [];
  readonly #leftListeners: ((roomId: string) => void)[] = [];
  readonly #notice: (text: string) => void;

  constructor(connection: Connection, userId: string, notice: (text: string) => void) {
    this.#connection = connection;
    this.#userId = userId;
    this.#notice = notice;
    const saved = loadRooms(userId);
    const open = new Map(saved.open.map((id) => [id, opened(id)]));
    const active = saved.active !== undefined && open.has(saved.active) ? saved.active : saved.open[0];
    this.state = new Store<RoomsState>({ open, active, visible: !document.hidden });
    this.state.subscribe(() => this.#save());
    connection.onConnected(() => this.#enterAll());
    connection.state.subscribe(() => connection.state.state.kind !== "connected" && this.#allAway());
    connection.on("room-updated", ({ room }) => this.describe(room));
    connection.on("room-left", (left, { replayed }) => !replayed && this.#ended(left));
    connection.on("room-closed", ({ roomId }, { replayed }) => {
      if (!replayed) this.#ended({ roomId, reason: "closed" });
    });
    connection.onEvery(({ roomId, id }) => {
      if (roomId !== undefined && id !== undefined) this.#saw(roomId, id);
    });
    const look = () => this.state.update((state) => ({ ...state, visible: !document.hidden }));
    document.addEventListener("visibilitychange", look);
    connection.onClosed(() => document.removeEventListener("visibilitychange", look));
  }

  get(roomId: string): OpenRoom | undefined {
    return this.state.state.open.get(roomId);
  }

  /** Called with each snapshot of a room: at the first join, and again after each reconnect. */
  onJoined(listener: (joined: RoomJoined) => void): void {
    this.#joinedListeners.push(listener);
  }

  /** Called when a room is open no longer, so that what is kept for it can be dropped. */
  onLeft(listener: (roomId: string) => void): void {
    this.#leftListeners.push(listener);
  }

  /** Puts in what the server says about a room. */
  describe(room: Room): void {
    this.#change(room.id, (open) => described(open, room));
  }

  /** One more message of somebody else. The server's own count follows with the next answer. */
  countUnread(roomId: string): void {
    this.setUnread(roomId, (this.get(roomId)?.unread ?? 0) + 1);
  }

  /** The server's count, or what is known to have come since. */
  setUnread(roomId: string, unread: number): void {
    this.#change(roomId, (room) => ({ ...room, unread, unreadTold: room.unreadTold + 1 }));
  }

  /** Opens a room and looks at it; it is created where there is none. */
  enter(roomId: string): void {
    if (!this.state.state.open.has(roomId)) {
      if (this.state.state.open.size >= ROOMS_MAX) {
        this.#notice(`You have ${ROOMS_MAX} rooms open. Leave one first.`);
        return;
      }
      this.state.update((state) => ({ ...state, open: withEntry(state.open, roomId, opened(roomId)) }));
    }
    this.select(roomId);
    const room = this.get(roomId);
    if (room !== undefined && room.phase !== "joined") void this.#join(room);
  }

  /** Reads a joined room's state again, where it may have changed for this user alone. */
  async refresh(roomId: string): Promise<void> {
    const room = this.get(roomId);
    if (room?.phase === "joined") await this.#join(room);
  }

  select(roomId: string): void {
    this.state.update((state) => ({ ...state, active: roomId }));
  }

  /** Leaves a room for good. It disappears from the list at once; belonging to it ends when the server hears of it. */
  async leave(roomId: string): Promise<void> {
    const phase = this.get(roomId)?.phase;
    this.forget(roomId);
    if (phase === "refused") return;
    try {
      await this.#connection.requestPatiently("leave-room", { roomId });
    } catch (cause) {
      const refusal = Refusal.from(cause);
      if (refusal.code === "offline")
        this.#notice("You are offline: the room is closed here, but you still belong to it.");
    }
  }

  /** Takes a room off the list. */
  forget(roomId: string): void {
    if (this.get(roomId) === undefined) return;
    this.state.update((state) => {
      const open = withoutEntry(state.open, roomId);
      return { ...state, open, active: state.active === roomId ? open.keys().next().value : state.active };
    });
    this.#tellLeft(roomId);
  }

  /** Notes an event of a room as seen. Every live event comes by here, whatever feature it belongs to. */
  #saw(roomId: string, eventId: string): void {
    const room = this.get(roomId);
    // Before the answer to the join is here, what it brings must not be skipped by a later id.
    if (room?.phase !== "joined") return;
    const lastId = laterId(room.lastId, eventId);
    if (lastId !== room.lastId && lastId !== undefined) this.#change(roomId, (open) => ({ ...open, lastId }));
  }

  #enterAll(): void {
    for (const room of this.state.state.open.values()) {
      if (room.phase !== "refused") void this.#join(room);
    }
  }

  async #join({ id: roomId, lastId }: OpenRoom): Promise<void> {
    this.#change(roomId, ({ refusal: _, ...room }) => ({ ...room, phase: "joining" }));
    try {
      const since = lastId === undefined ? {} : { since: lastId };
      const joined = await this.#connection.requestPatiently("join-room", { roomId, ...since });
      this.#joined(joined);
    } catch (cause) {
      const refusal = Refusal.from(cause);
      const phase = refusal.code === "offline" ? "away" : "refused";
      this.#change(roomId, (room) => ({ ...room, phase, refusal }));
    }
  }

  #joined(joined: RoomJoined): void {
    if (this.get(joined.roomId) === undefined) return;
    this.#change(joined.roomId, (open) => ({ ...described(open, joined.room), phase: "joined", lastId: joined.id }));
    for (const listener of this.#joinedListeners) listener(joined);
    // An incomplete list may have a hole at either end; the snapshot and the history say the same with certainty.
    if (joined.missed?.complete !== true) return;
    for (const { event, payload } of joined.missed.events) this.#connection.dispatch(event, payload, true);
  }

  /** Somebody else, or oneself in another window, ended the stay. The room that is looked at stays and says why. */
  #ended({ roomId, reason }: ServerEvents["room-left"]): void {
    const room = this.get(roomId);
    if (room === undefined || isOver(room)) return;
    const end = endOf(reason);
    if (end.refusal === undefined || this.state.state.active !== roomId) {
      this.forget(roomId);
      this.#notice(`${room.name}: ${end.sentence}`);
      return;
    }
    const refusal = end.refusal;
    this.#tellLeft(roomId);
    this.#change(roomId, ({ lastId: _, ...open }) => ({ ...open, phase: "refused", refusal, unread: 0 }));
  }

  #tellLeft(roomId: string): void {
    for (const listener of this.#leftListeners) listener(roomId);
  }

  #allAway(): void {
    for (const room of this.state.state.open.values()) {
      if (room.phase !== "refused") this.#change(room.id, (open) => ({ ...open, phase: "away" }));
    }
  }

  #change(roomId: string, change: (room: OpenRoom) => OpenRoom): void {
    this.state.update((state) => {
      const room = state.open.get(roomId);
      if (room === undefined) return state;
      const changed = change(room);
      return changed === room ? state : { ...state, open: withEntry(state.open, roomId, changed) };
    });
  }

  #save(): void {
    const { open, active } = this.state.state;
    // Who was put out does not come back by a mere reload.
    const kept = [...open.values()].filter((room) => !isOver(room)).map(({ id }) => id);
    saveRooms(this.#userId, { open: kept, ...(active === undefined ? {} : { active }) });
  }
}
