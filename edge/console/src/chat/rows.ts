// From a conversation to the rows on the screen: days, holes, and messages grouped by author.
import type { Message, User } from "../core/contract.ts";
import { type Conversation, type SentLine, visibleLines } from "./conversation.ts";

export type Row =
  | { kind: "day"; key: string; day: number }
  | { kind: "hole"; key: string; before: string; isTop: boolean }
  | { kind: "message"; key: string; message: Message; isFirst: boolean }
  | { kind: "line"; key: string; line: SentLine; isFirst: boolean };

/** A pause after which the same author is named again. */
const GROUP_PAUSE_MS = 5 * 60_000;

export function rowsOf(talk: Conversation, me: User): Row[] {
  const rows: Row[] = [];
  let previous: { author: string; at: number } | undefined;

  /** Puts the day above what was said first on it, and tells whether the author is to be named. */
  const begins = (author: string, at: number): boolean => {
    const newDay = previous === undefined || dayOf(previous.at) !== dayOf(at);
    if (newDay) rows.push({ kind: "day", key: `day ${dayOf(at)} ${at}`, day: at });
    const first = newDay || previous?.author !== author || at - previous.at > GROUP_PAUSE_MS;
    previous = { author, at };
    return first;
  };

  talk.timeline.messages.forEach((message, index) => {
    if (talk.timeline.holes.has(message.id)) {
      rows.push({ kind: "hole", key: `hole ${message.id}`, before: message.id, isTop: index === 0 });
      previous = undefined;
    }
    const isFirst = begins(message.kind === "system" ? "" : message.sender.id, message.createdAt);
    const key = talk.replaced.get(message.id) ?? message.id;
    rows.push({ kind: "message", key, message, isFirst: isFirst || message.replyTo !== undefined });
  });
  for (const line of visibleLines(talk)) {
    rows.push({ kind: "line", key: line.requestId, line, isFirst: begins(me.id, line.sentAt) });
  }
  return rows;
}

/** The local day as a number that differs between days. */
function dayOf(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** "Today", "Yesterday", or the date. */
export function dayLabel(at: number, now: number): string {
  const yesterday = new Date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  if (dayOf(at) === dayOf(now)) return "Today";
  if (dayOf(at) === dayOf(yesterday.getTime())) return "Yesterday";
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? {} : { year: "numeric" as const };
  return new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", ...year }).format(at);
}
