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

/** Puts messages in their places. One that is there already is replaced: the later telling has the current state. */
export function insert(timeline: Timeline, arrived: readonly Message[]): Timeline {
  if (arrived.length === 0) return timeline;
  const messages = [...timeline.messages];
  for (const message of arrived) {
    const place = placeOf(messages, message.id);
    const known = messages[place]?.id === message.id;
    messages.splice(place, known ? 1 : 0, message);
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

/** Blanks a message that was deleted; its place stays. */
export function withoutContent(timeline: Timeline, messageId: string, deletedAt: number): Timeline {
  const message = timeline.messages.find(({ id }) => id === messageId);
  return message === undefined ? timeline : insert(timeline, [{ ...message, content: "", deletedAt }]);
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
