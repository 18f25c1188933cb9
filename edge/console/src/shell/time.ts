// Times and durations in words.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const clockFormat = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const dayFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayAndYearFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

/** The time of the day. */
export function clock(at: number): string {
  return clockFormat.format(at);
}

/** "just now", "5 min ago", "3 h ago", "yesterday", or the date. */
export function ago(at: number, now: number): string {
  const passed = now - at;
  if (passed < MINUTE_MS) return "just now";
  if (passed < HOUR_MS) return `${Math.floor(passed / MINUTE_MS)} min ago`;
  if (passed < DAY_MS) return `${Math.floor(passed / HOUR_MS)} h ago`;
  return passed < 2 * DAY_MS ? "yesterday" : date(at, now);
}

/** "until 14:05", "until 3 Mar, 14:05", or nothing where there is no end. */
export function untilWords(until: number | undefined, now: number): string {
  if (until === undefined) return "";
  const sameDay = new Date(until).toDateString() === new Date(now).toDateString();
  return sameDay ? `until ${clock(until)}` : `until ${date(until, now)}, ${clock(until)}`;
}

/** "10 minutes", "1 hour", "7 days": the largest unit that divides it. */
export function durationWords(ms: number): string {
  const units = [
    [DAY_MS, "day"],
    [HOUR_MS, "hour"],
    [MINUTE_MS, "minute"],
    [1_000, "second"],
  ] as const;
  const [size, name] = units.find(([size]) => ms >= size && ms % size === 0) ?? [1_000, "second"];
  const count = Math.round(ms / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

function date(at: number, now: number): string {
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return (sameYear ? dayFormat : dayAndYearFormat).format(at);
}
