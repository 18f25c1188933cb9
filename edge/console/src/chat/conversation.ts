// One room's talk as this user sees it: what the room has, and what the user has sent and not yet seen back.
//
// A sent line is shown at once and replaced by the real message. Two things tell of that message, in either order:
// the answer to the request, which says for certain, and the event to the room, which does not name the request.
// So an event with one's own words is only a claim on the oldest line with the same words: the line is hidden, not
// dropped, and comes back when an answer shows that the claim was wrong (two windows saying the same thing).
import type { Draft, Message, Quote } from "../core/contract.ts";
import { isUnsettled, type Refusal } from "../core/refusal.ts";
import { EMPTY, find, insert, type Timeline } from "./timeline.ts";

export interface SentLine {
  /** Names the request, also when it is repeated. */
  requestId: string;
  draft: Draft;
  /** What `draft.replyTo` names, as it is shown. */
  quote?: Quote;
  /** Milliseconds since the epoch. */
  sentAt: number;
  /** `waiting` for a connection, `sending` and waiting for the answer, or `failed`. */
  state: "waiting" | "sending" | "failed";
  refusal?: Refusal;
  /** The id of the message that is taken to be this line. */
  claims?: string;
}

export interface Conversation {
  readonly timeline: Timeline;
  /** By the id of the message that began it: each thread that was opened, that message first. */
  readonly threads: ReadonlyMap<string, Timeline>;
  /** In the order of sending. */
  readonly sent: readonly SentLine[];
  /** Message id → request id of the line that it replaced, so that it keeps its place on the screen. */
  readonly replaced: ReadonlyMap<string, string>;
}

export const SILENCE: Conversation = { timeline: EMPTY, threads: new Map(), sent: [], replaced: new Map() };

export function withLine(talk: Conversation, line: SentLine): Conversation {
  return { ...talk, sent: [...talk.sent, line] };
}

/** Messages that came as events, live or told again. */
export function received(talk: Conversation, messages: readonly Message[], myId: string): Conversation {
  let next = placed(talk, messages);
  for (const message of messages) {
    const isNew = find(talk.timeline, message.id) === undefined;
    if (message.sender.id === myId && isNew) next = claim(next, message);
  }
  return next;
}

/** Puts messages of the newest end where they belong: into the room's talk and into their threads. */
export function placed(talk: Conversation, messages: readonly Message[]): Conversation {
  let { threads } = talk;
  for (const message of messages) {
    const thread = message.threadId === undefined ? undefined : threads.get(message.threadId);
    if (message.threadId !== undefined && thread !== undefined) {
      threads = new Map(threads).set(message.threadId, insert(thread, [message]));
    }
  }
  return { ...talk, timeline: insert(talk.timeline, messages), threads };
}

/** The answer to a request: its message is certain. */
export function acknowledged(talk: Conversation, requestId: string, message: Message): Conversation {
  const others = talk.sent.filter((line) => line.requestId !== requestId);
  return {
    ...placed(talk, [message]),
    sent: others.map((line) => (line.claims === message.id ? withoutClaim(line) : line)),
    replaced: new Map([...talk.replaced].filter(([, request]) => request !== requestId)).set(message.id, requestId),
  };
}

/** No success: refused, or not known. A claim was not this line's, where the server refused it. */
export function notSent(
  talk: Conversation,
  requestId: string,
  state: "waiting" | "failed",
  refusal: Refusal,
): Conversation {
  const settled = state === "failed" && !isUnsettled(refusal);
  const change = (line: SentLine): SentLine => ({ ...(settled ? withoutClaim(line) : line), state, refusal });
  return changeLine(settled ? withoutReplaced(talk, requestId) : talk, requestId, change);
}

/** The line goes out again, under another request id where the first one has been settled by a refusal. */
export function sentAgain(talk: Conversation, requestId: string, newRequestId = requestId): Conversation {
  return changeLine(talk, requestId, ({ refusal: _, ...line }) => ({
    ...line,
    requestId: newRequestId,
    state: "sending",
  }));
}

export function discarded(talk: Conversation, requestId: string): Conversation {
  return { ...talk, sent: talk.sent.filter((line) => line.requestId !== requestId) };
}

/** The lines to show below the messages: those that no message has taken the place of. */
export function visibleLines(talk: Conversation): SentLine[] {
  return talk.sent.filter((line) => line.claims === undefined);
}

function claim(talk: Conversation, message: Message): Conversation {
  if (talk.replaced.has(message.id)) return talk;
  const line = talk.sent.find(
    (line) => line.claims === undefined && mayHaveArrived(line) && sameWords(line.draft, message),
  );
  if (line === undefined) return talk;
  return {
    ...changeLine(talk, line.requestId, (line) => ({ ...line, claims: message.id })),
    replaced: new Map(talk.replaced).set(message.id, line.requestId),
  };
}

function mayHaveArrived({ state, refusal }: SentLine): boolean {
  return state !== "failed" || refusal === undefined || isUnsettled(refusal);
}

/** The server keeps text in NFC and with `\n` line ends; a draft is brought to the same form before it is sent. */
function sameWords(draft: Draft, message: Message): boolean {
  return draft.content === message.content && draft.kind === message.kind && draft.threadId === message.threadId;
}

function withoutClaim({ claims: _, ...line }: SentLine): SentLine {
  return line;
}

function withoutReplaced(talk: Conversation, requestId: string): Conversation {
  return { ...talk, replaced: new Map([...talk.replaced].filter(([, request]) => request !== requestId)) };
}

function changeLine(talk: Conversation, requestId: string, change: (line: SentLine) => SentLine): Conversation {
  return { ...talk, sent: talk.sent.map((line) => (line.requestId === requestId ? change(line) : line)) };
}
