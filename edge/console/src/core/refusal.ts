// What went wrong, as a code that the page can act on and a sentence that a person can read.
import type { ErrorBody } from "./contract.ts";

/** What the server says, or this page by a code of its own. */
type Body = Omit<ErrorBody, "code" | "details"> & { code: string; details?: ErrorBody["details"] | undefined };

/** The answer `ok: false`, or one of this page's own codes `offline` and `no-answer`. */
export class Refusal extends Error {
  readonly code: string;
  /** When a retry has a chance, in milliseconds since the epoch. */
  readonly retryAt: number | undefined;
  readonly details: ErrorBody["details"];

  constructor(body: Body, now = Date.now()) {
    super(body.message);
    this.name = "Refusal";
    this.code = body.code;
    this.details = body.details;
    this.retryAt = body.retryAfterMs === undefined ? undefined : now + body.retryAfterMs;
  }

  static offline(): Refusal {
    return new Refusal({ code: "offline", message: "there is no connection" });
  }

  static noAnswer(): Refusal {
    return new Refusal({ code: "no-answer", message: "the server did not answer in time" });
  }

  /** Any thrown thing as a refusal, so that a defect is shown instead of being swallowed. */
  static from(cause: unknown): Refusal {
    if (cause instanceof Refusal) return cause;
    return new Refusal({ code: "internal", message: cause instanceof Error ? cause.message : String(cause) });
  }
}

/** It is not known whether the request took effect. The same `requestId` again settles it. */
export function isUnsettled(refusal: Refusal): boolean {
  return refusal.code === "no-answer" || refusal.code === "unavailable";
}

/** A refusal that the server does not remember: the same request may succeed a little later. */
export function mayPass(refusal: Refusal): boolean {
  return ["rate-limited", "unavailable", "internal", "no-answer", "offline"].includes(refusal.code);
}

const SENTENCES: Record<string, string> = {
  forbidden: "You are not allowed to do that here.",
  "not-found": "There is no such room, or it is private and you are not invited.",
  conflict: "That is taken, or the room is full.",
  gone: "This room has been closed.",
  "rate-limited": "That was a bit fast. Please wait a moment.",
  "too-large": "That is too long.",
  muted: "You are muted in this room.",
  banned: "You are banned from this room.",
  unavailable: "The service is busy or restarting. Trying again is safe.",
  internal: "Something went wrong on the server.",
  "unknown-event": "This server does not know that yet.",
  offline: "You are offline at the moment.",
  "no-answer": "No answer came. It may have arrived all the same; trying again is safe.",
};

/** One friendly sentence; where the code says too little, the server's own words. */
export function sentence(refusal: Refusal): string {
  return SENTENCES[refusal.code] ?? capitalised(refusal.message);
}

const SIGN_IN_SENTENCES: Record<string, string> = {
  "missing-token": "A token is needed to sign in.",
  "invalid-token": "This token was not accepted.",
  "expired-token": "This token has expired. Please sign in again.",
  "rate-limited": "Too many connections at the moment.",
  unavailable: "The service is not available right now.",
};

/** Why the server refused a connection: our sentence for the code, with its own words. */
export function signInSentence(code: string, message: string): string {
  const own = SIGN_IN_SENTENCES[code];
  if (own === undefined) return capitalised(message);
  // Where the code says it all, the server's words would say it twice.
  const saysAll = message === "" || code === "missing-token" || code === "expired-token";
  return saysAll ? own : `${own} (${message})`;
}

/** A token that the server will never take: only another one helps. */
export function needsOtherToken(code: string): boolean {
  return ["missing-token", "invalid-token", "expired-token"].includes(code);
}

function capitalised(text: string): string {
  const line = text === "" ? "Something went wrong" : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
