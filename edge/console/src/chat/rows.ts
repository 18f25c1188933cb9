// From a conversation to the rows on the screen: days, holes, messages grouped by author, threads in one line each,
// and the line above what is new.
import type { Message, User } from "../core/contract.ts";
import { compareIds, msOf } from "../core/event-id.ts";
import type { RoomLine } from "../moderation/room-lines.ts";
import { type Conversation, type SentLine, visibleLines } from "./conversation.ts";
import { counts } from "./read-mark.ts";
import { type ThreadSummary, threadSummaries } from "./threads.ts";

export type Row =
  | { kind: "day"; key: string; day: number }
  | { kind: "hole"; key: string; before: string; isTop: boolean }
  | { kind: "new"; key: string }
  | { kind: "message"; key: string; message: Message; isFirst: boolean; thread?: ThreadSummary }
  /** Messages of one thread that follow each other in the room's talk. */
  | { kind: "thread"; key: string; threadId: string; messages: Message[]; thread: ThreadSummary }
  /** What happened in the room beside its talk. */
  | { kind: "note"; key: string; text: string }
  | { kind: "line"; key: string; line: SentLine; isFirst: boolean };

export interface View {
  /** The thread that these are the rows of; absent for the room's talk, where threads are summed up. */
  threadId?: string;
  /** A thread that is open beside the room's talk: what is on its way there is shown there only. */
  besideId?: string | undefined;
  /** The line stands before the first message of others after this one. */
  lineId?: string | undefined;
  /** In the order of their ids. */
  notes?: readonly RoomLine[];
}

const NO_NOTES: readonly RoomLine[] = [];

/** A pause after which the same author is named again. */
const GROUP_PAUSE_MS = 5 * 60_000;
/** An author that nobody is, so that the next one is named. */
const NOBODY = "";

export function rowsOf(
  talk: Conversation,
  me: User,
  { threadId, besideId, lineId, notes = NO_NOTES }: View = {},
): Row[] {
  const rows: Row[] = [];
  const summaries = threadId === undefined ? threadSummaries(talk) : new Map<string, ThreadSummary>();
  let previous: { author: string; at: number } | undefined;
  let lineDue = lineId !== undefined;

  /** Puts the day above what was said first on it, and tells whether the author is to be named. */
  const begins = (author: string, at: number): boolean => {
    const newDay = previous === undefined || dayOf(previous.at) !== dayOf(at);
    if (newDay) rows.push({ kind: "day", key: `day ${dayOf(at)} ${at}`, day: at });
    const first = newDay || previous?.author !== author || at - previous.at > GROUP_PAUSE_MS;
    previous = { author, at };
    return first;
  };

  /** Puts the line if this message is the first that is new. */
  const putLine = (message: Message): boolean => {
    const isNew = lineDue && lineId !== undefined && compareIds(message.id, lineId) > 0 && counts(message, me.id);
    if (isNew) rows.push({ kind: "new", key: "new" });
    lineDue = lineDue && !isNew;
    return isNew;
  };

  const putThread = (message: Message, id: string) => {
    const thread = summaries.get(id);
    // Of a thread all of whose held messages were deleted there is nothing to say.
    if (thread === undefined || message.deletedAt !== undefined) return;
    begins(NOBODY, message.createdAt);
    putLine(message);
    const last = rows.at(-1);
    if (last?.kind === "thread" && last.threadId === id) last.messages.push(message);
    else rows.push({ kind: "thread", key: `thread ${message.id}`, threadId: id, messages: [message], thread });
  };

  const putMessage = (message: Message) => {
    const begun = begins(message.kind === "system" ? NOBODY : message.sender.id, message.createdAt);
    const isFirst = putLine(message) || begun || message.replyTo !== undefined;
    const thread = summaries.get(message.id);
    const key = talk.replaced.get(message.id) ?? message.id;
    rows.push({ kind: "message", key, message, isFirst, ...(thread === undefined ? {} : { thread }) });
  };

  let noted = 0;
  /** Puts the notes that come before a message; what is older than all that is held has no place. */
  const putNotes = (before: string | undefined, hasPlace: boolean) => {
    for (let note = notes[noted]; note !== undefined; noted += 1, note = notes[noted]) {
      if (before !== undefined && compareIds(note.id, before) > 0) return;
      if (!hasPlace) continue;
      begins(NOBODY, msOf(note.id));
      rows.push({ kind: "note", key: `note ${note.id}`, text: note.text });
    }
  };

  talk.timeline.messages.forEach((message, index) => {
    putNotes(message.id, index > 0 || !talk.timeline.holes.has(message.id));
    if (talk.timeline.holes.has(message.id)) {
      rows.push({ kind: "hole", key: `hole ${message.id}`, before: message.id, isTop: index === 0 });
      previous = undefined;
    }
    if (threadId === undefined && message.threadId !== undefined) putThread(message, message.threadId);
    else putMessage(message);
  });
  putNotes(undefined, true);
  for (const line of visibleLines(talk)) {
    if (threadId === undefined && !isShownInRoom(line, besideId)) continue;
    const isFirst = begins(me.id, line.sentAt) || line.quote !== undefined;
    rows.push({ kind: "line", key: line.requestId, line, isFirst });
  }
  return rows;
}

/** What could not be sent to a thread that is shut shows in the room, so that it is not overlooked. */
function isShownInRoom({ draft, state }: SentLine, besideId: string | undefined): boolean {
  return draft.threadId === undefined || (state === "failed" && draft.threadId !== besideId);
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
