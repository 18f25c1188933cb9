// Quiet lines about what happened in a room beside its talk, in the order of the room's events.
import type { Connection } from "../core/connection.ts";
import { compareIds } from "../core/event-id.ts";
import { Store, withEntry, withoutEntry } from "../core/store.ts";
import type { Rooms } from "../rooms/rooms.ts";

export interface RoomLine {
  /** The event's id; it orders the line among the messages. */
  id: string;
  roomId: string;
  text: string;
}

/** Held per room: they are news, not history. */
const LINES_HELD_MAX = 100;

export class RoomLines {
  readonly rooms = new Store<ReadonlyMap<string, readonly RoomLine[]>>(new Map());

  constructor(connection: Connection, rooms: Rooms) {
    rooms.onLeft((roomId) => this.rooms.update((all) => withoutEntry(all, roomId)));
    connection.on("user-left-room", ({ id, roomId, user, reason }) => {
      if (reason === "removed") this.add({ id, roomId, text: `${user.name} was removed from the room` });
    });
  }

  /** Adds a line; one that is told again, after a reconnect, stands there once. */
  add(line: RoomLine): void {
    this.rooms.update((all) => withEntry(all, line.roomId, withLine(all.get(line.roomId) ?? [], line)));
  }
}

export function withLine(lines: readonly RoomLine[], line: RoomLine): readonly RoomLine[] {
  if (lines.some(({ id }) => id === line.id)) return lines;
  return [...lines, line].sort((left, right) => compareIds(left.id, right.id)).slice(-LINES_HELD_MAX);
}
