// Who is in one room. The count is the server's; the list may be only a part of a big room.
import type { Present, Status, User } from "../core/contract.ts";

export interface Members {
  list: ReadonlyMap<string, Present>;
  count: number;
}

export const NOBODY: Members = { list: new Map(), count: 0 };

export function snapshot(members: Present[], count: number): Members {
  return { list: new Map(members.map((member) => [member.id, member])), count };
}

/** Adds a page of `get-members` to what is known. */
export function withPage(known: Members, page: Present[], count: number): Members {
  const list = new Map(known.list);
  for (const member of page) list.set(member.id, member);
  return { list, count };
}

/** Applies joins and leaves, told one by one or in a batch. */
export function withChanges(known: Members, joined: User[], left: User[], count: number): Members {
  const list = new Map(known.list);
  for (const { id } of left) list.delete(id);
  for (const user of joined) list.set(user.id, { status: "active", ...list.get(user.id), ...user });
  return { list, count };
}

export function withStatus(known: Members, userId: string, status: Status): Members {
  const member = known.list.get(userId);
  if (member === undefined || member.status === status) return known;
  return { ...known, list: new Map(known.list).set(userId, { ...member, status }) };
}

/** Somebody came in of whom only the name was told. */
export function hasUnknownRoles(members: Members): boolean {
  return [...members.list.values()].some(({ roomRole }) => roomRole === undefined);
}

const RANK: Record<NonNullable<Present["roomRole"]>, number> = { owner: 0, moderator: 1, member: 2, viewer: 2 };

/** In the order in which people look for someone: oneself, who keeps order, then the others by name. */
export function sorted(members: Members, myId: string): Present[] {
  const byName = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });
  const rank = ({ roomRole }: Present) => RANK[roomRole ?? "member"];
  return [...members.list.values()].sort(
    (left, right) =>
      Number(right.id === myId) - Number(left.id === myId) ||
      rank(left) - rank(right) ||
      byName.compare(left.name, right.name) ||
      (left.id < right.id ? -1 : 1),
  );
}
