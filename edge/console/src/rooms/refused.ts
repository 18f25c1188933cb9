// Why one is not in a room, in kind words, and what can be done about it.
import { Refusal, sentence } from "../core/refusal.ts";
import { untilWords } from "../shell/time.ts";
import type { OpenRoom } from "./open-room.ts";

export interface RefusedWords {
  heading: string;
  text: string;
  /** Entering may succeed another time. */
  mayTry: boolean;
}

/** Codes of this page's own, for a stay that ended. */
const REMOVED = "removed";

interface End {
  sentence: string;
  /** What stands in the room's place; absent where the person left by choice. */
  refusal?: Refusal;
}

/** What the reason of a `room-left` means. */
export function endOf(reason: string | undefined): End {
  switch (reason) {
    case "removed":
      return { sentence: "a moderator removed you from this room.", refusal: refusalOf(REMOVED) };
    case "banned":
      return { sentence: "you were banned from this room.", refusal: refusalOf("banned") };
    case "closed":
      return { sentence: "this room has been closed.", refusal: refusalOf("gone") };
    default:
      return { sentence: "you left this room in another window." };
  }
}

/** The room is not to be entered again by itself. */
export function isOver({ phase, refusal }: OpenRoom): boolean {
  return phase === "refused" && [REMOVED, "banned", "gone"].includes(refusal?.code ?? "");
}

export function refusedWords(refusal: Refusal, now: number): RefusedWords {
  const { code } = refusal;
  switch (code) {
    case "not-found":
      return {
        heading: "There is no such room for you",
        text: "It does not exist, or it is private and you are not invited. Ask somebody inside for an invitation.",
        mayTry: true,
      };
    case "forbidden":
      return {
        heading: "This room is not open to everyone",
        text: "It is for people with a certain role on this platform.",
        mayTry: true,
      };
    case "conflict":
      return {
        heading: "This room is full",
        text: "There is a limit to how many can be here at a time. A place may be free in a moment.",
        mayTry: true,
      };
    case "banned":
      return { heading: "You are banned from this room", text: bannedText(refusal, now), mayTry: true };
    case "gone":
      return {
        heading: "This room has been closed",
        text: "Its owner ended it. What was said in it can no longer be read.",
        mayTry: false,
      };
    case REMOVED:
      return {
        heading: "You were removed from this room",
        text: "A moderator ended your stay. You may come back if the room is still open to you.",
        mayTry: true,
      };
    default:
      return { heading: "You cannot enter this room", text: sentence(refusal), mayTry: true };
  }
}

function bannedText({ details }: Refusal, now: number): string {
  const words = details?.until === undefined ? "" : untilWords(details.until, now);
  return words === "" ? "Those who moderate it decided so. They can lift the ban." : `The ban holds ${words}.`;
}

function refusalOf(code: string): Refusal {
  return new Refusal({ code, message: "" });
}
