// Any row of a talk.
import type { User } from "../core/contract.ts";
import { held } from "./changes.ts";
import type { Chat } from "./chat.ts";
import { type Place, placeKey } from "./desk.ts";
import { LineRow } from "./line-row.tsx";
import { MessageRow } from "./message-row.tsx";
import type { Rights } from "./permissions.ts";
import { dayLabel, type Row } from "./rows.ts";
import { ThreadRow } from "./thread-row.tsx";

export interface RowContext {
  place: Place;
  chat: Chat;
  me: User;
  rights: Rights;
  editing: { place: string; messageId: string } | undefined;
  /** The page of history before this message is being read. */
  loading: string | undefined;
  problem: string | undefined;
  onLoad(before: string): void;
  onGo(messageId: string): void;
}

export function RowView({ row, context }: { row: Row; context: RowContext }) {
  const { place, chat, me, rights, editing } = context;
  const { roomId } = place;
  switch (row.kind) {
    case "day":
      return (
        <div class="day" role="separator">
          <span>{dayLabel(row.day, Date.now())}</span>
        </div>
      );
    case "new":
      return (
        <div class="new-line" role="separator" data-row={row.key} data-testid="new-line">
          <span>New messages</span>
        </div>
      );
    case "note":
      return (
        <p class="system-message" data-row={row.key} data-testid="room-note">
          {row.text}
        </p>
      );
    case "hole":
      return <Hole row={row} context={context} />;
    case "thread":
      return (
        <ThreadRow
          rowKey={row.key}
          threadId={row.threadId}
          messages={row.messages}
          root={held(chat.talks.of(roomId), row.threadId)}
          onOpen={() => chat.desk.openThread(roomId, row.threadId)}
        />
      );
    case "message":
      return (
        <MessageRow
          rowKey={row.key}
          message={row.message}
          isFirst={row.isFirst}
          thread={row.thread}
          place={place}
          rights={rights}
          isEditing={editing?.messageId === row.message.id && editing.place === placeKey(place)}
          chat={chat}
          onGo={context.onGo}
        />
      );
    case "line":
      return (
        <LineRow
          line={row.line}
          me={me}
          people={chat.peopleOf(roomId)}
          isFirst={row.isFirst}
          onRetry={() => chat.lines.retry(roomId, row.line.requestId)}
          onDiscard={() => chat.lines.discard(roomId, row.line.requestId)}
        />
      );
  }
}

function Hole({ row, context }: { row: Row & { kind: "hole" }; context: RowContext }) {
  const { loading, problem, place, onLoad } = context;
  const isEarlier = row.isTop || place.threadId !== undefined;
  const words = isEarlier ? "Load earlier messages" : "Load the messages missing here";
  return (
    <div class={isEarlier ? "hole" : "hole gap"} data-testid={row.isTop ? "history-top" : "gap"}>
      <button
        class="button small"
        type="button"
        disabled={loading !== undefined}
        data-testid="load-more"
        onClick={() => onLoad(row.before)}
      >
        {loading === row.before ? "Loading…" : words}
      </button>
      {problem !== undefined && <span class="field-problem">{problem}</span>}
    </div>
  );
}
