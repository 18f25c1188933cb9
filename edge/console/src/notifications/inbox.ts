// One person's notifications as this page knows them: newest first, each once, with the server's count of the unread.
import type { Notification } from "../core/contract.ts";
import { compareIds } from "../core/event-id.ts";

export interface Inbox {
  readonly items: readonly Notification[];
  readonly unread: number;
  /** Older ones may be read. */
  readonly hasMore: boolean;
}

export const EMPTY_INBOX: Inbox = { items: [], unread: 0, hasMore: false };

/** The newest page: it is the state of things; older ones that were read before stay where they join on. */
export function withNewest(
  inbox: Inbox,
  page: { notifications: readonly Notification[]; unreadCount: number; hasMore: boolean },
): Inbox {
  const oldest = page.notifications.at(-1);
  const joins = oldest !== undefined && inbox.items.some(({ id }) => id === oldest.id);
  const items = joins ? merged(inbox.items, page.notifications) : [...page.notifications];
  return { items, unread: page.unreadCount, hasMore: joins ? inbox.hasMore : page.hasMore };
}

export function withOlder(
  inbox: Inbox,
  page: { notifications: readonly Notification[]; unreadCount: number; hasMore: boolean },
): Inbox {
  return { items: merged(inbox.items, page.notifications), unread: page.unreadCount, hasMore: page.hasMore };
}

/** One that arrived live. `unreadCount` is exact; `unreadDelta` is what the count grew by. */
export function withArrived(
  inbox: Inbox,
  { unreadCount, unreadDelta, ...item }: Notification & { unreadCount?: number; unreadDelta?: number },
): Inbox {
  const isNew = !inbox.items.some(({ id }) => id === item.id);
  const unread = unreadCount ?? inbox.unread + (isNew ? (unreadDelta ?? 1) : 0);
  return { ...inbox, items: merged(inbox.items, [item]), unread };
}

export function withRead(
  inbox: Inbox,
  which: { notificationIds?: readonly string[]; upTo?: string },
  unread: number,
  now: number,
): Inbox {
  const { notificationIds, upTo } = which;
  const isMeant = (id: string) =>
    notificationIds === undefined ? upTo === undefined || compareIds(id, upTo) <= 0 : notificationIds.includes(id);
  const items = inbox.items.map((item) =>
    item.readAt === undefined && isMeant(item.id) ? { ...item, readAt: now } : item,
  );
  return { ...inbox, items, unread };
}

function merged(known: readonly Notification[], more: readonly Notification[]): Notification[] {
  const byId = new Map([...known, ...more].map((item) => [item.id, item]));
  return [...byId.values()].sort((left, right) => compareIds(right.id, left.id));
}
