// The conversations of all open rooms, in one store that the parts of the chat share.
import { Store, withEntry, withoutEntry } from "../core/store.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { type Conversation, SILENCE } from "./conversation.ts";
import { trim } from "./timeline.ts";

/** Messages held per room; older ones are read again when somebody scrolls back. */
const MESSAGES_HELD_MAX = 2_000;

export class Talks {
  readonly rooms = new Store<ReadonlyMap<string, Conversation>>(new Map());
  readonly #openRooms: Rooms;

  constructor(openRooms: Rooms) {
    this.#openRooms = openRooms;
    openRooms.onLeft((roomId) => this.rooms.update((all) => withoutEntry(all, roomId)));
  }

  of(roomId: string): Conversation {
    return this.rooms.state.get(roomId) ?? SILENCE;
  }

  change(roomId: string, how: (talk: Conversation) => Conversation): void {
    // A room that was left meanwhile is not brought back by a late answer.
    if (this.#openRooms.get(roomId) === undefined) return;
    const talk = this.of(roomId);
    const changed = how(talk);
    if (changed !== talk) this.rooms.update((all) => withEntry(all, roomId, changed));
  }

  /** As `change`, where something is added at the newest end. */
  extend(roomId: string, how: (talk: Conversation) => Conversation): void {
    this.change(roomId, (talk) => trimmed(how(talk)));
  }
}

function trimmed(talk: Conversation): Conversation {
  const timeline = trim(talk.timeline, MESSAGES_HELD_MAX);
  return timeline === talk.timeline ? talk : { ...talk, timeline };
}
