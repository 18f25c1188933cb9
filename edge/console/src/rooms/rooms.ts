// The rooms that are open on this page: entering, coming back after a reconnect, leaving, and which one is looked at.
// Features learn of a room's (new) state through `onJoined`; what a room's log tells again goes to them as events.
import type { Connection } from "../core/connection.ts";
import type { Room, RoomJoined, ServerEvents } from "../core/contract.ts";
import { laterId } from "../core/event-id.ts";
import { randomId } from "../core/random-id.ts";
import { Refusal } from "../core/refusal.ts";
import { Store, withEntry, withoutEntry } from "../core/store.ts";
import { loadRooms, ROOMS_MAX, saveRooms } from "./saved-rooms.ts";

export interface OpenRoom {
  id: string;
  name: string;
  isPrivate: boolean;
  /** `away`: the connection is gone, the room is entered again with the next one. */
  phase: "joining" | "joined" | "away" | "refused";
  refusal?: Refusal;
  /** Messages of others since the room was last looked at. */
  unread: number;
  /** The last event seen while joined; what comes after it was missed. */
  lastId?: string;
}

export interface RoomsState {
  open: ReadonlyMap<string, OpenRoom>;
  active: string | undefined;
}

export interface NewRoom {
  name: string;
  isPrivate: boolean;
  invited: string[];
}

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
    this.state = new Store({
      open,
      active: saved.active !== undefined && open.has(saved.active) ? saved.active : saved.open[0],
    });
    this.state.subscribe(() => this.#save());
    connection.onConnected(() => this.#enterAll());
    connection.state.subscribe(() => connection.state.state.kind !== "connected" && this.#allAway());
    connection.on("room-updated", ({ room }) => this.#change(room.id, (open) => ({ ...open, ...described(room) })));
    connection.on("room-left", (left) => this.#removed(left));
    connection.on("room-closed", ({ roomId }, { replayed }) => {
      if (!replayed) this.#removed({ roomId, reason: "closed" });
    });
    connection.onEvery(({ roomId, id }) => {
      if (roomId !== undefined && id !== undefined) this.#saw(roomId, id);
    });
    document.addEventListener("visibilitychange", () => this.#look());
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

  /** Notes an event of a room as seen. Every live event comes by here, whatever feature it belongs to. */
  #saw(roomId: string, eventId: string): void {
    const room = this.get(roomId);
    // Before the answer to the join is here, what it brings must not be skipped by a later id.
    if (room?.phase !== "joined") return;
    const lastId = laterId(room.lastId, eventId);
    if (lastId !== room.lastId && lastId !== undefined) this.#change(roomId, (open) => ({ ...open, lastId }));
  }

  countUnread(roomId: string): void {
    if (this.state.state.active === roomId && !document.hidden) return;
    this.#change(roomId, (room) => ({ ...room, unread: room.unread + 1 }));
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

  select(roomId: string): void {
    this.state.update((state) => ({ ...state, active: roomId }));
    this.#look();
  }

  /** Creates a room and enters it. The same `requestId` again finds the first room. Throws a `Refusal`. */
  async create(wanted: NewRoom, requestId = randomId()): Promise<void> {
    const members = Object.fromEntries(wanted.invited.map((id) => [id, "member" as const]));
    const { room } = await this.#connection.request("create-room", {
      type: "discussion",
      name: wanted.name,
      access: wanted.isPrivate ? { visibility: "private", members } : { visibility: "public" },
      requestId,
    });
    this.enter(room.id);
  }

  /** Leaves a room for good. It disappears from the list at once; belonging to it ends when the server hears of it. */
  async leave(roomId: string): Promise<void> {
    const phase = this.get(roomId)?.phase;
    this.#forget(roomId);
    if (phase === "refused") return;
    try {
      await this.#connection.requestPatiently("leave-room", { roomId });
    } catch (cause) {
      const refusal = Refusal.from(cause);
      if (refusal.code === "offline")
        this.#notice("You are offline: the room is closed here, but you still belong to it.");
    }
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
    this.#change(joined.roomId, (room) => ({ ...room, ...described(joined.room), phase: "joined", lastId: joined.id }));
    for (const listener of this.#joinedListeners) listener(joined);
    // An incomplete list may have a hole at either end; the snapshot and the history say the same with certainty.
    if (joined.missed?.complete !== true) return;
    for (const { event, payload } of joined.missed.events) this.#connection.dispatch(event, payload, true);
  }

  #removed({ roomId, reason }: ServerEvents["room-left"]): void {
    const room = this.get(roomId);
    if (room === undefined) return;
    this.#forget(roomId);
    this.#notice(`${room.name}: ${LEFT_SENTENCES[reason ?? ""] ?? "you left this room"}.`);
  }

  #forget(roomId: string): void {
    if (this.get(roomId) === undefined) return;
    this.state.update(({ open, active }) => {
      const rest = withoutEntry(open, roomId);
      return { open: rest, active: active === roomId ? rest.keys().next().value : active };
    });
    for (const listener of this.#leftListeners) listener(roomId);
    this.#look();
  }

  #allAway(): void {
    for (const room of this.state.state.open.values()) {
      if (room.phase !== "refused") this.#change(room.id, (open) => ({ ...open, phase: "away" }));
    }
  }

  #look(): void {
    const { active } = this.state.state;
    if (active !== undefined && !document.hidden)
      this.#change(active, (room) => (room.unread === 0 ? room : { ...room, unread: 0 }));
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
    saveRooms(this.#userId, { open: [...open.keys()], ...(active === undefined ? {} : { active }) });
  }
}

const LEFT_SENTENCES: Record<string, string> = {
  removed: "you were removed from this room",
  banned: "you were banned from this room",
  closed: "this room has been closed",
  left: "you left this room in another window",
};

function opened(id: string): OpenRoom {
  return { id, name: id, isPrivate: false, phase: "away", unread: 0 };
}

function described(room: Room): Pick<OpenRoom, "name" | "isPrivate"> {
  return { name: room.name ?? room.id, isPrivate: room.access?.visibility === "private" };
}
