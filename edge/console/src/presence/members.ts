// Who is in one room. The count is the server's; the list may be only a part of a big room.
import type { Member, User } from "../core/contract.ts";

export interface Members {
  list: ReadonlyMap<string, Member>;
  count: number;
}

export const NOBODY: Members = { list: new Map(), count: 0 };

export function snapshot(members: Member[], count: number): Members {
  return { list: new Map(members.map((member) => [member.id, member])), count };
}

/** Adds a page of `get-members` to what is known. */
export function withPage(known: Members, page: Member[], count: number): Members {
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

export function withStatus(known: Members, userId: string, status: NonNullable<Member["status"]>): Members {
  const member = known.list.get(userId);
  if (member === undefined || member.status === status) return known;
  return { ...known, list: new Map(known.list).set(userId, { ...member, status }) };
}

/** In the order in which people look for someone: oneself, then by name. */
export function sorted(members: Members, myId: string): Member[] {
  const byName = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });
  return [...members.list.values()].sort(
    (left, right) =>
      Number(right.id === myId) - Number(left.id === myId) ||
      byName.compare(left.name, right.name) ||
      (left.id < right.id ? -1 : 1),
  );
}
