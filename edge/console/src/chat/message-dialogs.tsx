// What is asked before a message is deleted or reported.
import { useState } from "preact/hooks";
import { type Message, NOTE_CHARACTERS_MAX, type ReportReason } from "../core/contract.ts";
import type { Refusal } from "../core/refusal.ts";
import { useStore } from "../core/store.ts";
import { REASON_WORDS } from "../moderation/words.ts";
import { Dialog } from "../shell/dialog.tsx";
import { useServices } from "../shell/services.ts";
import { useRequest } from "../shell/use-request.ts";
import { excerpt } from "./excerpt.ts";
import { chatSentence } from "./refusals.ts";

export function MessageDialogs() {
  const { chat } = useServices();
  const asked = useStore(chat.desk.state, (state) => state.asked);
  if (asked === undefined) return null;
  const onClose = () => chat.desk.endAsk();
  const { kind, message } = asked;
  return kind === "delete" ? (
    <DeleteDialog message={message} onClose={onClose} />
  ) : (
    <ReportDialog message={message} onClose={onClose} />
  );
}

interface Props {
  message: Message;
  onClose(): void;
}

function DeleteDialog({ message, onClose }: Props) {
  const { chat, me } = useServices();
  const request = useRequest((refusal: Refusal) => chatSentence("delete", refusal));
  const isMine = message.sender.id === me.id;
  const remove = () =>
    request.send(async () => {
      await chat.actions.delete(message.roomId, message.id);
      onClose();
    });
  return (
    <Dialog heading={isMine ? "Delete your message?" : "Delete this message?"} testId="delete-dialog" onClose={onClose}>
      <MessageExcerpt message={message} />
      <p class="quiet small">Nobody will be able to read it any more. A note that it was deleted stays.</p>
      <p class="field-problem" role="alert" data-testid="delete-problem">
        {request.problem}
      </p>
      <div class="dialog-buttons">
        <button class="button plain" type="button" data-testid="delete-cancel" onClick={onClose}>
          Cancel
        </button>
        <button
          class="button primary danger"
          type="button"
          autofocus
          disabled={request.busy}
          data-testid="delete-confirm"
          onClick={remove}
        >
          {request.busy ? "Deleting…" : "Delete"}
        </button>
      </div>
    </Dialog>
  );
}

const REASONS = Object.entries(REASON_WORDS) as [ReportReason, string][];

function ReportDialog({ message, onClose }: Props) {
  const { chat, notices } = useServices();
  const [reason, setReason] = useState<ReportReason>();
  const [comment, setComment] = useState("");
  const request = useRequest((refusal: Refusal) => chatSentence("report", refusal));
  const report = () =>
    request.send(async (requestId) => {
      if (reason === undefined) return;
      await chat.actions.report(message.roomId, message.id, reason, comment.trim(), requestId);
      notices.add("Thank you. The moderators of this room will look at it.");
      onClose();
    });
  return (
    <Dialog heading="Report this message" testId="report-dialog" onClose={onClose}>
      <form
        class="report-form"
        onInput={request.changed}
        onSubmit={(event) => {
          event.preventDefault();
          void report();
        }}
      >
        <MessageExcerpt message={message} />
        <fieldset class="choices compact">
          <legend>What is wrong with it?</legend>
          {REASONS.map(([value, words]) => (
            <label key={value} class="choice">
              <input
                type="radio"
                name="reason"
                checked={reason === value}
                data-testid={`report-${value}`}
                onChange={() => setReason(value)}
              />
              <span>{words}</span>
            </label>
          ))}
        </fieldset>
        <label class="field">
          <span>Comment, if you like</span>
          <textarea
            rows={2}
            maxLength={NOTE_CHARACTERS_MAX}
            value={comment}
            data-testid="report-comment"
            onInput={(event) => setComment(event.currentTarget.value)}
          />
        </label>
        <p class="field-problem" role="alert" data-testid="report-problem">
          {request.problem}
        </p>
        <div class="dialog-buttons">
          <button class="button plain" type="button" data-testid="report-cancel" onClick={onClose}>
            Cancel
          </button>
          <button
            class="button primary"
            type="submit"
            disabled={reason === undefined || request.busy}
            data-testid="report-send"
          >
            {request.busy ? "Sending…" : "Report"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function MessageExcerpt({ message }: { message: Message }) {
  return (
    <blockquote class="excerpt" data-testid="dialog-excerpt">
      <strong>{message.sender.name}</strong> {excerpt(message)}
    </blockquote>
  );
}
