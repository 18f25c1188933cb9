// The types of rooms in words.
import type { Room, RoomType } from "../core/contract.ts";
import type { IconName } from "../shell/icons.tsx";

export const ROOM_TYPES: RoomType[] = ["discussion", "collaboration", "interview", "contest"];

export const TYPE_WORDS: Record<RoomType, string> = {
  discussion: "Discussion",
  collaboration: "Collaboration",
  interview: "Interview",
  contest: "Contest",
};

/** The types that are private unless somebody opens them. */
export const PRIVATE_BY_DEFAULT: RoomType[] = ["collaboration", "interview"];

export function roomIcon(isPrivate: boolean): IconName {
  return isPrivate ? "lock" : "hash";
}

/** "Discussion · at most 20 people" */
export function roomFacts({ type, maxMembers }: Room): string {
  return maxMembers === undefined ? TYPE_WORDS[type] : `${TYPE_WORDS[type]} · at most ${maxMembers} people`;
}

/** A limit as it was typed: nothing for none, `undefined` where it is no limit that the server takes. */
export function readLimit(text: string, max: number): { maxMembers?: number } | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return {};
  const maxMembers = Number(trimmed);
  return /^\d+$/.test(trimmed) && maxMembers >= 1 && maxMembers <= max ? { maxMembers } : undefined;
}
