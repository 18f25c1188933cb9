// What somebody's roles allow, as far as the page must know it to offer the right things. The server decides.
import type { RoomRole, RoomType } from "../core/contract.ts";

/** One's standing in a room as a number: who is higher may act on who is lower. */
export const LEVEL = { admin: 4, owner: 3, staffModerator: 2.5, moderator: 2, member: 1, viewer: 0 } as const;

/** From the roles of the token and the role in the room. */
export function levelOf(roles: readonly string[], roomRole: RoomRole | undefined): number {
  const byRoom = roomRole === undefined ? LEVEL.member : LEVEL[roomRole];
  if (roles.includes("admin")) return LEVEL.admin;
  if (roles.includes("moderator")) return Math.max(byRoom, LEVEL.staffModerator);
  return byRoom;
}

export function mayModerate(level: number): boolean {
  return level >= LEVEL.moderator;
}

/** Whether one may change the room itself: its name, who may enter, its end. */
export function mayManage(level: number): boolean {
  return level >= LEVEL.owner;
}

/** Whether to offer sanctions on somebody; an unknown role is a member's. */
export function mayActOn(level: number, theirs: RoomRole | undefined): boolean {
  return mayModerate(level) && level > LEVEL[theirs ?? "member"];
}

/** The roles that one may give to who is invited. */
export function rolesToGrant(level: number): RoomRole[] {
  return mayManage(level) ? ["member", "moderator", "viewer"] : ["member", "viewer"];
}

/** The types of rooms that one may create. */
export function typesToCreate(roles: readonly string[]): RoomType[] {
  const hasOne = (...wanted: string[]) => wanted.some((role) => roles.includes(role));
  return [
    "discussion",
    "collaboration",
    ...(hasOne("interviewer", "admin", "service") ? (["interview"] as const) : []),
    ...(hasOne("organizer", "admin", "service") ? (["contest"] as const) : []),
  ];
}
