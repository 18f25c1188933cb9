// The sheet for who moderates: open and resolved reports, and the sanctions in force.
import { useEffect, useState } from "preact/hooks";
import type { Report } from "../core/contract.ts";
import { useStore } from "../core/store.ts";
import { Dialog } from "../shell/dialog.tsx";
import { useServices } from "../shell/services.ts";
import { Tabs } from "../shell/tabs.tsx";
import { useRequest } from "../shell/use-request.ts";
import { EMPTY_QUEUE, openBadge } from "./queue.ts";
import { ReportCard } from "./report-card.tsx";
import { SanctionList } from "./sanction-list.tsx";

type Tab = "open" | "resolved" | "people";

export function ModerationPanel({ roomId, onClose }: { roomId: string; onClose(): void }) {
  const { moderation } = useServices();
  const [tab, setTab] = useState<Tab>("open");
  const queue = useStore(moderation.queues, (all) => all.get(roomId) ?? EMPTY_QUEUE);
  const badge = openBadge(queue);
  return (
    <Dialog heading="Moderation" testId="moderation" shape="sheet" onClose={onClose}>
      <Tabs
        label="Moderation"
        testId="moderation-tab"
        tabs={[
          { value: "open", label: badge === "" ? "Open" : `Open (${badge})` },
          { value: "resolved", label: "Resolved" },
          { value: "people", label: "People" },
        ]}
        chosen={tab}
        onChoose={(value) => setTab(value)}
      />
      {tab === "people" ? <SanctionList roomId={roomId} /> : <ReportList key={tab} roomId={roomId} status={tab} />}
    </Dialog>
  );
}

const NOTHING: Record<Report["status"], string> = {
  open: "Nothing is waiting for you. Well kept.",
  resolved: "No report has been settled yet.",
};

function ReportList({ roomId, status }: { roomId: string; status: Report["status"] }) {
  const { moderation } = useServices();
  const pile = useStore(moderation.queues, (all) => (all.get(roomId) ?? EMPTY_QUEUE)[status]);
  const { busy, problem, send } = useRequest();
  const read = (more: boolean) => void send(() => moderation.read(roomId, status, more));

  // What is known is shown at once and brought up to date.
  useEffect(() => read(false), []);

  return (
    <div class="sheet-list" role="tabpanel" aria-busy={busy}>
      <ul data-testid="report-list">
        {pile.reports.map((report) => (
          <ReportCard key={report.id} report={report} />
        ))}
      </ul>
      {pile.loaded && pile.reports.length === 0 && (
        <p class="sheet-empty quiet" data-testid="no-reports">
          {NOTHING[status]}
        </p>
      )}
      {!pile.loaded && busy && <p class="sheet-empty quiet">Reading the reports…</p>}
      {problem !== undefined && (
        <p class="field-problem" role="alert">
          {problem}
        </p>
      )}
      {pile.cursor !== undefined && (
        <button
          class="button plain wide"
          type="button"
          disabled={busy}
          data-testid="more-reports"
          onClick={() => read(true)}
        >
          {busy ? "Loading…" : "Show more"}
        </button>
      )}
    </div>
  );
}
