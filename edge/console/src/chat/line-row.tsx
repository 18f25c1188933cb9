// A line that is on its way, or that did not get there.
import type { User } from "../core/contract.ts";
import { isUnsettled } from "../core/refusal.ts";
import type { SentLine } from "./conversation.ts";
import { MessageBody } from "./message-body.tsx";
import { MessageFrame } from "./message-frame.tsx";
import { waitLabel } from "./pace.ts";
import { QuoteLine } from "./quote.tsx";
import { chatSentence } from "./refusals.ts";
import { useSecondsUntil } from "./use-seconds.ts";

interface Props {
  line: SentLine;
  me: User;
  people: readonly User[];
  isFirst: boolean;
  onRetry(): void;
  onDiscard(): void;
}

export function LineRow({ line, me, people, isFirst, onRetry, onDiscard }: Props) {
  const mentioned = people.filter(({ id }) => line.draft.mentions?.includes(id) === true);
  return (
    <MessageFrame rowKey={line.requestId} author={me} at={line.sentAt} isFirst={isFirst} isMine state={line.state}>
      {line.quote !== undefined && <QuoteLine quote={line.quote} />}
      <div data-testid="message-content">
        <MessageBody words={line.draft} people={mentioned} myId={me.id} />
      </div>
      {line.state === "waiting" && <small class="quiet">Waiting for the connection…</small>}
      {line.state === "failed" && <Failure line={line} onRetry={onRetry} onDiscard={onDiscard} />}
    </MessageFrame>
  );
}

function Failure({ line, onRetry, onDiscard }: Pick<Props, "line" | "onRetry" | "onDiscard">) {
  const { refusal } = line;
  const wait = useSecondsUntil(refusal?.retryAt);
  const said = refusal !== undefined && isUnsettled(refusal) ? "Perhaps not sent." : "Not sent.";
  return (
    <div class="failure" role="alert">
      <span data-testid="send-problem">
        {said} {refusal === undefined ? "" : chatSentence("send", refusal)}
      </span>
      <button class="button small" type="button" disabled={wait > 0} data-testid="retry" onClick={onRetry}>
        {wait > 0 ? `Try again in ${waitLabel(wait)}` : "Try again"}
      </button>
      <button class="button small plain" type="button" data-testid="discard" onClick={onDiscard}>
        Discard
      </button>
    </div>
  );
}
