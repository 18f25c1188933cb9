// Notifications arrive live, in pages and twice; the count is the server's.
import { expect, test } from "vitest";
import type { Notification } from "../core/contract.ts";
import { EMPTY_INBOX, withArrived, withNewest, withOlder, withRead } from "./inbox.ts";

const item = (id: string): Notification => ({ id, kind: "mention", title: id, body: "", data: {}, createdAt: 1 });
const ids = (inbox: { items: readonly Notification[] }) => inbox.items.map(({ id }) => id);
const page = (list: string[], unreadCount: number, hasMore = false) => ({
  notifications: list.map(item),
  unreadCount,
  hasMore,
});

test("pages and arrivals add up, newest first, each once", () => {
  let inbox = withNewest(EMPTY_INBOX, page(["9-0", "8-0"], 2, true));
  inbox = withArrived(inbox, { ...item("10-0"), unreadCount: 3 });
  inbox = withArrived(inbox, { ...item("10-0"), unreadCount: 3 });
  inbox = withOlder(inbox, page(["8-0", "7-0"], 3));
  expect(ids(inbox)).toEqual(["10-0", "9-0", "8-0", "7-0"]);
  expect(inbox).toMatchObject({ unread: 3, hasMore: false });
});

test("after a long absence the newest page stands alone, so that no gap is hidden", () => {
  const before = withNewest(EMPTY_INBOX, page(["2-0", "1-0"], 0));
  expect(ids(withNewest(before, page(["9-0", "8-0"], 2, true)))).toEqual(["9-0", "8-0"]);
  expect(ids(withNewest(before, page(["3-0", "2-0"], 1, true)))).toEqual(["3-0", "2-0", "1-0"]);
});

test("one that went to many says by how much the count grows", () => {
  const inbox = withArrived({ ...EMPTY_INBOX, unread: 4 }, { ...item("1-0"), unreadDelta: 1 });
  expect(inbox.unread).toBe(5);
  expect(withArrived(inbox, { ...item("1-0"), unreadDelta: 1 }).unread).toBe(5);
});

test("some, or all up to one, are read", () => {
  const inbox = withNewest(EMPTY_INBOX, page(["3-0", "2-0", "1-0"], 3));
  const read = (marked: typeof inbox) => marked.items.filter(({ readAt }) => readAt !== undefined).map(({ id }) => id);
  expect(read(withRead(inbox, { notificationIds: ["2-0"] }, 2, 5))).toEqual(["2-0"]);
  expect(read(withRead(inbox, { upTo: "2-0" }, 1, 5))).toEqual(["2-0", "1-0"]);
  expect(read(withRead(inbox, {}, 0, 5))).toEqual(["3-0", "2-0", "1-0"]);
});
