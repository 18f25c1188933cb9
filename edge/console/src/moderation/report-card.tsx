// One report: what was said, who minded and why, and for an open one what is to be done.
import { useState } from "preact/hooks";
import { NOTE_CHARACTERS_MAX, type Report, type ReportAction } from "../core/contract.ts";
import type { Refusal } from "../core/refusal.ts";
import { Avatar } from "../shell/avatar.tsx";
import { useServices } from "../shell/services.ts";
import { ago } from "../shell/time.ts";
import { useRequest } from "../shell/use-request.ts";
import { DURATION_PROPOSED_MS, DurationField } from "./duration-field.tsx";
import { outcomeWords, REASON_WORDS } from "./words.ts";

export function ReportCard({ report }: { report: Report }) {
  const { message, reporter, comment, status } = report;
  const now = Date.now();
  return (
    <li class="report" data-testid="report" data-report-id={report.id} data-status={status}>
      <div class="report-message">
        <Avatar user={message.sender} />
        <div class="report-words">
          <p class="report-author">
            <strong>{message.sender.name}</strong> <small class="quiet">{ago(message.createdAt, now)}</small>
          </p>
          <p
            class={message.kind === "code" ? "report-content monospace" : "report-content"}
            data-testid="report-content"
          >
            {message.content}
          </p>
        </div>
      </div>
      <p class="report-why small">
        <span class="tag warn" data-testid="report-reason">
          {REASON_WORDS[report.reason]}
        </span>{" "}
        <span class="quiet">
          reported by {reporter.name}, {ago(report.createdAt, now)}
        </span>
      </p>
      {comment !== undefined && comment !== "" && (
        <p class="report-comment small" data-testid="report-comment">
          “{comment}”
        </p>
      )}
      {status === "open" ? (
        <Decision report={report} />
      ) : (
        <p class="report-outcome small" data-testid="report-outcome">
          {outcomeWords(report)}
          {report.resolvedAt !== undefined && <span class="quiet">, {ago(report.resolvedAt, now)}</span>}
        </p>
      )}
    </li>
  );
}

const CHOICES: { action: ReportAction; label: string; confirm: string }[] = [
  { action: "dismiss", label: "Dismiss", confirm: "Dismiss the report" },
  { action: "delete-message", label: "Delete message", confirm: "Delete the message" },
  { action: "mute", label: "Mute", confirm: "Mute the author" },
  { action: "ban", label: "Ban", confirm: "Ban the author" },
];

function Decision({ report }: { report: Report }) {
  const { moderation, notices } = useServices();
  const [action, setAction] = useState<ReportAction>();
  const [durationMs, setDurationMs] = useState<number | undefined>(DURATION_PROPOSED_MS);
  const [note, setNote] = useState("");
  const { busy, problem, send, changed } = useRequest(refusedWords);
  const lasts = action === "mute" || action === "ban";

  const resolve = async (requestId: string) => {
    if (action === undefined) return;
    try {
      await moderation.resolve({
        roomId: report.roomId,
        reportId: report.id,
        action,
        ...(lasts && durationMs !== undefined ? { durationMs } : {}),
        ...(note.trim() === "" ? {} : { note: note.trim() }),
        requestId,
      });
    } catch (cause) {
      // The card goes with the report, so the word about it stands elsewhere.
      if ((cause as Refusal).code === "conflict") notices.add("A colleague was first: this report is settled.");
      throw cause;
    }
  };

  return (
    <form
      class="decision"
      onSubmit={(event) => {
        event.preventDefault();
        void send(resolve);
      }}
    >
      <div class="decision-choices" role="group" aria-label="What to do">
        {CHOICES.map((choice) => (
          <button
            key={choice.action}
            class="button small chip"
            type="button"
            aria-pressed={choice.action === action}
            data-testid={`report-${choice.action}`}
            onClick={() => {
              setAction(choice.action === action ? undefined : choice.action);
              changed();
            }}
          >
            {choice.label}
          </button>
        ))}
      </div>
      {action !== undefined && (
        <>
          {lasts && (
            <DurationField
              testId="report-duration"
              value={durationMs}
              onValue={(value) => {
                setDurationMs(value);
                changed();
              }}
            />
          )}
          <label class="field">
            <span>
              Note <span class="quiet">(for moderators)</span>
            </span>
            <input
              data-testid="report-note"
              value={note}
              maxLength={NOTE_CHARACTERS_MAX}
              onInput={({ currentTarget }) => {
                setNote(currentTarget.value);
                changed();
              }}
            />
          </label>
          <button
            class={action === "dismiss" ? "button primary" : "button danger"}
            type="submit"
            disabled={busy}
            data-testid="report-confirm"
          >
            {busy ? "One moment…" : CHOICES.find((choice) => choice.action === action)?.confirm}
          </button>
        </>
      )}
      {problem !== undefined && (
        <p class="field-problem" role="alert" data-testid="report-problem">
          {problem}
        </p>
      )}
    </form>
  );
}

function refusedWords({ code }: Refusal): string | undefined {
  if (code === "conflict") return "A colleague was first: this report is settled.";
  if (code === "forbidden") return "You cannot do that to somebody of your own rank or above.";
  return undefined;
}
