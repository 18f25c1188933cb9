// How fast one may write in a room: slow mode, and what the server said when it was too fast.
import type { Refusal } from "../core/refusal.ts";

/** Times are milliseconds since the epoch, by this page's clock. */
export interface Pace {
  /** When one's last message here was taken. */
  sentAt?: number;
  /** What the server said that one is to wait for. */
  refusedUntil?: number;
}

export const NO_HURRY: Pace = {};

export function withSent(pace: Pace, at: number): Pace {
  return { ...pace, sentAt: Math.max(pace.sentAt ?? 0, at) };
}

/** Only a refusal that says how long is worth waiting for. */
export function withRefusal(pace: Pace, refusal: Refusal): Pace {
  if (refusal.code !== "rate-limited" || refusal.retryAt === undefined) return pace;
  return { ...pace, refusedUntil: Math.max(pace.refusedUntil ?? 0, refusal.retryAt) };
}

/** When the next message has a chance. Slow mode does not hold for those who moderate. */
export function mayWriteAt({ sentAt, refusedUntil }: Pace, slowModeMs: number, moderates: boolean): number {
  const slow = moderates || sentAt === undefined ? 0 : sentAt + slowModeMs;
  return Math.max(slow, refusedUntil ?? 0);
}

/** Whole seconds left, as a countdown shows them: 0 only when the moment has come. */
export function secondsUntil(at: number, now: number): number {
  return Math.max(0, Math.ceil((at - now) / 1_000));
}

/** "9 s", "2 min", "1:05 min". */
export function waitLabel(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const rest = seconds % 60;
  const minutes = Math.floor(seconds / 60);
  return rest === 0 ? `${minutes} min` : `${minutes}:${String(rest).padStart(2, "0")} min`;
}
