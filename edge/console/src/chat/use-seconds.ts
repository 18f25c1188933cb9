// A countdown on the screen.
import { useEffect, useState } from "preact/hooks";
import { secondsUntil } from "./pace.ts";

/** Whole seconds until a moment, counting down; 0 when there is none or it has come. */
export function useSecondsUntil(at: number | undefined): number {
  const [now, setNow] = useState(Date.now);
  // A moment that was set since the last tick is counted from now, not from then.
  const left = at === undefined || at <= Date.now() ? 0 : secondsUntil(at, Math.max(now, Date.now()));
  useEffect(() => {
    if (left === 0) return;
    const timer = setTimeout(() => setNow(Date.now()), 250);
    return () => clearTimeout(timer);
  });
  return left;
}
