// When to tell others that one is typing: seldom, and only what they do not know already.

/** The server forgets a typist after 5 s, so a start is repeated well before. */
export const TYPING_REPEAT_MS = 3_000;
/** How long another's typing is shown without being told again; the server's own stop comes earlier. */
export const TYPING_SHOWN_MS = 6_000;

export type TypingSignal = "start" | "stop" | undefined;

/** One composer's typing. Times are milliseconds of any clock that does not go back. */
export class TypingThrottle {
  #startedAt = -Infinity;
  #toldOthers = false;

  /** The text changed: what is to be sent, if anything. */
  input(text: string, now: number): TypingSignal {
    if (text.trim() === "") return this.stop();
    // Also after a stop: whoever writes and erases a letter again and again is told of once.
    if (now - this.#startedAt < TYPING_REPEAT_MS) return undefined;
    this.#startedAt = now;
    this.#toldOthers = true;
    return "start";
  }

  /** The text was sent. What follows is a new message, and its start is told at once. */
  sent(): TypingSignal {
    this.#startedAt = -Infinity;
    return this.stop();
  }

  /** The text was emptied or left. */
  stop(): TypingSignal {
    if (!this.#toldOthers) return undefined;
    this.#toldOthers = false;
    return "stop";
  }
}

/** "Ann is typing…", or nothing. */
export function typingSentence(names: string[]): string {
  const [first, second] = names;
  if (first === undefined) return "";
  if (second === undefined) return `${first} is typing…`;
  if (names.length === 2) return `${first} and ${second} are typing…`;
  return "Several people are typing…";
}
