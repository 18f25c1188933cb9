// The messages of a room that this page holds: in id order, each once, with the places known where some are missing.
import type { Message } from "../core/contract.ts";
import { compareIds } from "../core/event-id.ts";

export interface Timeline {
  /** In id order, each id once. */
  readonly messages: readonly Message[];
  /** Ids of messages directly before which others may be missing. The first one's hole is simply older history. */
  readonly holes: ReadonlySet<string>;
}

export const EMPTY: Timeline = { messages: [], holes: new Set() };

/** Puts messages in their places. One that is there already is replaced, unless what is known of it is newer. */
export function insert(timeline: Timeline, arrived: readonly Message[]): Timeline {
  if (arrived.length === 0) return timeline;
  const messages = [...timeline.messages];
  for (const message of arrived) {
    const place = placeOf(messages, message.id);
    const known = messages[place];
    if (known?.id === message.id) messages[place] = newer(known, message);
    else messages.splice(place, 0, message);
  }
  return { ...timeline, messages };
}

/**
 * Takes the newest messages of a room, as a snapshot brings them, when what came between them and the known ones
 * is not known. `complete` where they are all that the room has.
 */
export function insertRecent(timeline: Timeline, recent: readonly Message[], complete: boolean): Timeline {
  const oldest = recent[0];
  if (oldest === undefined) return timeline;
  const newest = timeline.messages.at(-1);
  const touches = newest !== undefined && compareIds(oldest.id, newest.id) <= 0;
  const merged = insert(timeline, recent);
  return complete || touches ? merged : { ...merged, holes: new Set(merged.holes).add(oldest.id) };
}

/** Fills the hole before `before` with a page of history; what `hasMore` says then is a hole farther back. */
export function insertPage(timeline: Timeline, before: string, page: readonly Message[], hasMore: boolean): Timeline {
  const holes = new Set(timeline.holes);
  holes.delete(before);
  const oldest = page[0];
  if (hasMore && oldest !== undefined) {
    const previous = timeline.messages[placeOf(timeline.messages, before) - 1];
    const touches = previous !== undefined && compareIds(oldest.id, previous.id) <= 0;
    if (!touches) holes.add(oldest.id);
  }
  return insert({ ...timeline, holes }, page);
}

/**
 * Takes messages from the middle of the history that follow each other, as somebody who jumps to one asks for them.
 * `moreBefore` and `moreAfter` where the room has others next to them.
 */
export function insertIsland(
  timeline: Timeline,
  island: readonly Message[],
  moreBefore: boolean,
  moreAfter: boolean,
): Timeline {
  const [first, last] = [island[0], island.at(-1)];
  if (first === undefined || last === undefined) return timeline;
  const within = (id: string) => compareIds(id, first.id) > 0 && compareIds(id, last.id) <= 0;
  const holes = new Set([...timeline.holes].filter((id) => !within(id)));
  const merged = insert({ ...timeline, holes }, island);
  const before = merged.messages[placeOf(merged.messages, first.id) - 1];
  const after = merged.messages[placeOf(merged.messages, last.id) + 1];
  const heldFirst = timeline.messages.some(({ id }) => id === first.id);
  if (!heldFirst && moreBefore) holes.add(first.id);
  if (!moreBefore && before === undefined) holes.delete(first.id);
  if (!moreAfter && after !== undefined) holes.delete(after.id);
  return { ...merged, holes };
}

/** Keeps the newest `max` messages; what is dropped can be scrolled back to like all history. */
export function trim(timeline: Timeline, max: number): Timeline {
  if (timeline.messages.length <= max) return timeline;
  const messages = timeline.messages.slice(-max);
  const kept = new Set(messages.map((message) => message.id));
  const holes = new Set([...timeline.holes].filter((id) => kept.has(id)));
  const first = messages[0];
  if (first !== undefined) holes.add(first.id);
  return { messages, holes };
}

/** Changes one message; the same timeline where it is not held or stays as it is. */
export function change(timeline: Timeline, messageId: string, how: (message: Message) => Message): Timeline {
  const place = placeOf(timeline.messages, messageId);
  const message = timeline.messages[place];
  if (message?.id !== messageId) return timeline;
  const changed = how(message);
  return changed === message ? timeline : { ...timeline, messages: timeline.messages.with(place, changed) };
}

export function find(timeline: Timeline, messageId: string): Message | undefined {
  const message = timeline.messages[placeOf(timeline.messages, messageId)];
  return message?.id === messageId ? message : undefined;
}

/** A page that was asked for before an event may come after it: a deletion is final, and a later edit stays. */
function newer(known: Message, arrived: Message): Message {
  if (known.deletedAt !== undefined && arrived.deletedAt === undefined) return known;
  const isOlder = arrived.deletedAt === undefined && (known.editedAt ?? 0) > (arrived.editedAt ?? 0);
  return isOlder ? known : arrived;
}

/** The index of the first message that does not come before `id`. Most arrive last, so that is looked at first. */
function placeOf(messages: readonly Message[], id: string): number {
  const last = messages.at(-1);
  if (last === undefined || compareIds(last.id, id) < 0) return messages.length;
  let low = 0;
  let high = messages.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareIds((messages[middle] as Message).id, id) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
