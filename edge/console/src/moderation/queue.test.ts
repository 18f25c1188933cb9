// Reports arrive live, in pages and twice; each stands in one pile.
import { expect, test } from "vitest";
import type { Report } from "../core/contract.ts";
import { EMPTY_QUEUE, openBadge, withReport, withReports } from "./queue.ts";

const user = { id: "ann", name: "Ann" };
const report = (id: string, status: Report["status"] = "open"): Report => ({
  id,
  roomId: "graphs",
  messageId: "1-1",
  message: {
    id: "1-1",
    roomId: "graphs",
    sender: user,
    kind: "text",
    content: "buy this",
    mentions: [],
    reactions: {},
    createdAt: 1,
  },
  reporter: user,
  reason: "spam",
  status,
  createdAt: 2,
});
const ids = (reports: readonly Report[]) => reports.map(({ id }) => id);

test("pages add up, newest first, each once; the first page begins anew", () => {
  let queue = withReports(EMPTY_QUEUE, "open", { reports: [report("9-0"), report("8-0")], nextCursor: "8" }, true);
  queue = withReports(queue, "open", { reports: [report("8-0"), report("10-0"), report("7-0")] }, false);
  expect(ids(queue.open.reports)).toEqual(["10-0", "9-0", "8-0", "7-0"]);
  queue = withReports(queue, "open", { reports: [report("7-0")] }, true);
  expect(ids(queue.open.reports)).toEqual(["7-0"]);
});

test("a resolved report leaves the open ones, and a late telling does not bring it back", () => {
  const open = withReport(withReport(EMPTY_QUEUE, report("1-0")), report("2-0"));
  const queue = withReport(open, report("1-0", "resolved"));
  expect(ids(queue.open.reports)).toEqual(["2-0"]);
  expect(ids(queue.resolved.reports)).toEqual(["1-0"]);
  expect(withReport(queue, report("1-0"))).toBe(queue);
});

test("the badge says when there are more than are loaded", () => {
  expect(openBadge(EMPTY_QUEUE)).toBe("");
  const queue = withReports(EMPTY_QUEUE, "open", { reports: [report("1-0")] }, true);
  expect(openBadge(queue)).toBe("1");
  expect(openBadge({ ...queue, open: { ...queue.open, cursor: "x" } })).toBe("1+");
});
