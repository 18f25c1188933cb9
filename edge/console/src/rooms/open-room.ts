// A room that is open on this page, and how its state changes.
import type { Room } from "../core/contract.ts";
import type { Refusal } from "../core/refusal.ts";

export interface OpenRoom {
  id: string;
  name: string;
  isPrivate: boolean;
  /** `away`: the connection is gone, the room is entered again with the next one. */
  phase: "joining" | "joined" | "away" | "refused";
  refusal?: Refusal;
  /** Messages of others that the server counts as unread, and those that came since it was asked. */
  unread: number;
  /** How often that number was told: an answer that was asked for before the last time is out of date. */
  unreadTold: number;
  /** The last event seen while joined; what comes after it was missed. */
  lastId?: string;
  /** As the server last described it; absent before the first join. */
  room?: Room;
}

export interface RoomsState {
  open: ReadonlyMap<string, OpenRoom>;
  active: string | undefined;
  /** The page is in sight, so what the active room shows is being looked at. */
  visible: boolean;
}

export function opened(id: string): OpenRoom {
  return { id, name: id, isPrivate: false, phase: "away", unread: 0, unreadTold: 0 };
}

/** Puts in what the server says about the room. To a room at large it does not say who may enter. */
export function described(open: OpenRoom, told: Room): OpenRoom {
  const access = told.access ?? open.room?.access;
  const room: Room = access === undefined ? told : { ...told, access };
  return { ...open, room, name: room.name ?? room.id, isPrivate: access?.visibility === "private" };
}

/** The number to show beside a room: none for the one that is being looked at. */
export function shownUnread({ active, visible }: RoomsState, { id, unread }: OpenRoom): number {
  return id === active && visible ? 0 : unread;
}

/** All rooms' shown numbers together. */
export function totalUnread(state: RoomsState): number {
  return [...state.open.values()].reduce((sum, room) => sum + shownUnread(state, room), 0);
}
