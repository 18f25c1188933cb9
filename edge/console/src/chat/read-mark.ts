// How far one has read a room, and where the line above what is new stands.
//
// The line stays while one reads on, so that the eye finds it; it goes when one comes back to nothing new, writes, or
// reads the room in another window.
import type { Message } from "../core/contract.ts";
import { compareIds, laterId } from "../core/event-id.ts";

/** `reading`: the newest message is in view of somebody; `scrolled`: older ones are; `away`: nobody looks. */
export type Attention = "reading" | "scrolled" | "away";

export interface ReadMark {
  attention: Attention;
  /** All up to here is read. Absent until the server said how much is unread. */
  readId?: string;
  /** The line stands before the first message of others after this one. */
  lineId?: string | undefined;
}

export const UNSEEN: ReadMark = { attention: "away" };

const BEFORE_ALL = "0-0";

/** The server counts what is unread but does not say where it begins: it is found from the newest end. */
export function learned(messages: readonly Message[], unread: number, myId: string): ReadMark {
  const readId = beforeUnread(messages, unread, myId);
  return { attention: "away", readId, lineId: unread > 0 ? readId : undefined };
}

export function attended(mark: ReadMark, attention: Attention, messages: readonly Message[], myId: string): ReadMark {
  const { readId, lineId } = mark;
  if (readId === undefined) return mark;
  switch (attention) {
    case "away":
      return mark.attention === "away" ? mark : { ...mark, attention, lineId: readId };
    case "scrolled":
      return mark.attention === "scrolled" && lineId !== undefined
        ? mark
        : { ...mark, attention, lineId: lineId ?? readId };
    case "reading": {
      const newest = laterId(readId, messages.at(-1)?.id);
      const cameBack = mark.attention !== "reading";
      const keepsLine = lineId !== undefined && (!cameBack || unreadAfter(messages, lineId, myId) > 0);
      if (!cameBack && newest === readId) return mark;
      return { attention, ...(newest === undefined ? {} : { readId: newest }), lineId: keepsLine ? lineId : undefined };
    }
  }
}

/** Another connection of the same user has read up to a message. */
export function readElsewhere(mark: ReadMark, messageId: string): ReadMark {
  const readId = laterId(mark.readId, messageId);
  if (readId === mark.readId || readId === undefined) return mark;
  const lineId = mark.attention === "reading" ? mark.lineId : laterId(mark.lineId, messageId);
  return { ...mark, readId, lineId };
}

/** Whoever answers has read what was new. */
export function spoke(mark: ReadMark): ReadMark {
  return mark.lineId === undefined ? mark : { ...mark, lineId: undefined };
}

/** As the server counts: others' messages after the mark that are not deleted. */
export function unreadAfter(messages: readonly Message[], readId: string, myId: string): number {
  let count = 0;
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages[index];
    if (message === undefined || compareIds(message.id, readId) <= 0) break;
    if (counts(message, myId)) count += 1;
  }
  return count;
}

export function counts(message: Message, myId: string): boolean {
  return message.sender.id !== myId && message.deletedAt === undefined;
}

function beforeUnread(messages: readonly Message[], unread: number, myId: string): string {
  let left = unread;
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages[index];
    if (message === undefined) continue;
    if (left === 0) return message.id;
    if (counts(message, myId)) left -= 1;
  }
  return BEFORE_ALL;
}
