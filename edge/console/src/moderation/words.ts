// What moderation says to people: lines in the talk, reasons and actions.
import type { Report, ReportAction, ReportReason, SanctionTold } from "../core/contract.ts";
import { untilWords } from "../shell/time.ts";

export const REASON_WORDS: Record<ReportReason, string> = {
  spam: "Spam",
  harassment: "Harassment",
  cheating: "Cheating",
  other: "Something else",
};

export const ACTION_WORDS: Record<ReportAction, string> = {
  dismiss: "Dismissed",
  "delete-message": "Message deleted",
  mute: "Author muted",
  ban: "Author banned",
};

export type SanctionEvent = "user-muted" | "user-unmuted" | "user-banned" | "user-unbanned";

const DONE: Record<SanctionEvent, string> = {
  "user-muted": "muted",
  "user-unmuted": "unmuted",
  "user-banned": "banned",
  "user-unbanned": "unbanned",
};

/** "Ben was muted by Ana until 14:05: too many links". One's own name is "you". */
export function sanctionLine(event: SanctionEvent, told: SanctionTold, myId: string, now: number): string {
  const isMe = told.user.id === myId;
  const who = isMe ? "You were" : `${told.user.name} was`;
  const by = told.by.id === myId ? "you" : told.by.name;
  const until = untilWords(told.until, now);
  const reason = told.reason === undefined || told.reason === "" ? "" : `: ${told.reason}`;
  return `${who} ${DONE[event]} by ${by}${until === "" ? "" : ` ${until}`}${reason}`;
}

/** "Author muted by Ana, 5 min ago" without the time. */
export function outcomeWords({ action, resolvedBy }: Report): string {
  const done = action === undefined ? "Resolved" : ACTION_WORDS[action];
  return resolvedBy === undefined ? done : `${done} by ${resolvedBy.name}`;
}
