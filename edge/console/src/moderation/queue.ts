// The reports of one room as a moderator sees them: open and resolved, each newest first, in pages.
import type { Report } from "../core/contract.ts";
import { compareIds } from "../core/event-id.ts";

export interface Pile {
  /** Newest first, each once. */
  readonly reports: readonly Report[];
  /** Where the next page begins; absent where there is none, or before the first page. */
  readonly cursor?: string | undefined;
  readonly loaded: boolean;
}

export type Queue = Readonly<Record<Report["status"], Pile>>;

const NONE: Pile = { reports: [], loaded: false };
export const EMPTY_QUEUE: Queue = { open: NONE, resolved: NONE };

/** Adds a page of `get-reports`; the first page (`anew`) replaces what was known. */
export function withReports(
  queue: Queue,
  status: Report["status"],
  page: { reports: readonly Report[]; nextCursor?: string },
  anew: boolean,
): Queue {
  const known = anew ? [] : queue[status].reports;
  const pile = { reports: merged(known, page.reports), cursor: page.nextCursor, loaded: true };
  return { ...queue, [status]: pile };
}

/** A report as it is now: it goes to the pile that it belongs to and out of the other one. */
export function withReport(queue: Queue, report: Report): Queue {
  const other = report.status === "open" ? "resolved" : "open";
  // What somebody resolved stays so, also when the telling of its beginning comes late.
  if (report.status === "open" && queue.resolved.reports.some(({ id }) => id === report.id)) return queue;
  return {
    ...queue,
    [report.status]: { ...queue[report.status], reports: merged(queue[report.status].reports, [report]) },
    [other]: { ...queue[other], reports: queue[other].reports.filter(({ id }) => id !== report.id) },
  };
}

/** How many are open, with a plus where there are more than are loaded; nothing for none. */
export function openBadge(queue: Queue): string {
  const { reports, cursor } = queue.open;
  if (reports.length === 0) return "";
  return cursor === undefined ? String(reports.length) : `${reports.length}+`;
}

function merged(known: readonly Report[], page: readonly Report[]): Report[] {
  const byId = new Map([...known, ...page].map((report) => [report.id, report]));
  return [...byId.values()].sort((left, right) => compareIds(right.id, left.id));
}
