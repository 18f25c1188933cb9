// Refusals in words that fit what was tried.
import { CONTENT_CHARACTERS_MAX } from "../core/contract.ts";
import { type Refusal, sentence } from "../core/refusal.ts";
import { untilWords } from "../shell/time.ts";

export type Attempt = "send" | "edit" | "delete" | "react" | "report" | "load" | "find";

const WORDS: Record<Attempt, Record<string, string>> = {
  send: {
    forbidden: "You may read here, but not write.",
    "not-found": "The message that you answer is not kept any more, or the room is closed to you.",
    "rate-limited": "You are writing too fast for this room.",
    "too-large": `That is too long: a message has at most ${CONTENT_CHARACTERS_MAX.toLocaleString()} characters.`,
  },
  edit: {
    forbidden: "A message can be edited by its author within a day, and this one cannot any more.",
    "not-found": "This message is not kept any more.",
    gone: "This message has been deleted.",
    "too-large": `That is too long: a message has at most ${CONTENT_CHARACTERS_MAX.toLocaleString()} characters.`,
  },
  delete: {
    forbidden: "You may not delete this message.",
    "not-found": "This message is not kept any more.",
    gone: "This message has already been deleted.",
  },
  react: {
    forbidden: "You may not react here.",
    conflict: "This message has as many different reactions as fit.",
    "not-found": "This message is not kept any more.",
    gone: "This message has been deleted.",
  },
  report: {
    "not-found": "This message is not kept any more.",
    gone: "This message has already been deleted.",
    conflict: "You have reported this message already.",
    forbidden: "You may not report this message.",
  },
  load: { "not-found": "These messages are not kept any more." },
  find: { "not-found": "This message is not kept any more." },
};

/** One friendly sentence. */
export function chatSentence(attempt: Attempt, refusal: Refusal, now = Date.now()): string {
  const until = refusal.details?.until;
  if (refusal.code === "muted" && until !== undefined) return `You are muted in this room ${untilWords(until, now)}.`;
  return WORDS[attempt][refusal.code] ?? sentence(refusal);
}
