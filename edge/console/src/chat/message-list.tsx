// The talk of a room: follows its end while the reader is there, keeps the place while not, and reads history
// when scrolled to the top.
import { Component, createRef } from "preact";
import { useMemo } from "preact/hooks";
import type { User } from "../core/contract.ts";
import { compareIds } from "../core/event-id.ts";
import { Refusal, sentence } from "../core/refusal.ts";
import { useStore } from "../core/store.ts";
import { Icon } from "../shell/icons.tsx";
import { useServices } from "../shell/services.ts";
import type { Chat } from "./chat.ts";
import { type Conversation, SILENCE } from "./conversation.ts";
import { LineRow, MessageRow } from "./message-row.tsx";
import { dayLabel, type Row, rowsOf } from "./rows.ts";

const END_SLACK_PX = 48;
const LOAD_AT_PX = 240;

export function MessageList({ roomId }: { roomId: string }) {
  const { chat, rooms, me } = useServices();
  const talk = useStore(chat.rooms, (all) => all.get(roomId) ?? SILENCE);
  const joined = useStore(rooms.state, ({ open }) => open.get(roomId)?.phase === "joined");
  const rows = useMemo(() => rowsOf(talk, me), [talk, me]);
  return <Scroller roomId={roomId} chat={chat} me={me} talk={talk} rows={rows} joined={joined} />;
}

interface Props {
  roomId: string;
  chat: Chat;
  me: User;
  talk: Conversation;
  rows: Row[];
  joined: boolean;
}

interface State {
  /** The newest message when the end was last in view; later ones are new. Absent while the end is in view. */
  seenId?: string | undefined;
  loading?: string | undefined;
  problem?: string | undefined;
}

/** A row on the screen and where its top was, to put it there again. */
interface Anchor {
  key: string;
  top: number;
}

class Scroller extends Component<Props, State> {
  override state: State = {};
  readonly #viewport = createRef<HTMLDivElement>();
  readonly #observer = new ResizeObserver(() => this.#atEnd && this.#toEnd());
  #atEnd = true;

  override componentDidMount(): void {
    if (this.#viewport.current !== null) this.#observer.observe(this.#viewport.current);
    this.#toEnd();
    this.#loadIfNear();
  }

  override componentWillUnmount(): void {
    this.#observer.disconnect();
  }

  override getSnapshotBeforeUpdate(): Anchor | null {
    const viewport = this.#viewport.current;
    if (viewport === null || this.#atEnd) return null;
    const edge = viewport.getBoundingClientRect().top;
    for (const row of viewport.querySelectorAll<HTMLElement>("[data-row]")) {
      const { top, bottom } = row.getBoundingClientRect();
      if (bottom > edge) return { key: row.dataset["row"] ?? "", top };
    }
    return null;
  }

  override componentDidUpdate(previous: Props, _: State, anchor: Anchor | null): void {
    const sent = this.props.talk.sent.at(-1)?.requestId;
    const hasSent =
      sent !== undefined &&
      sent !== previous.talk.sent.at(-1)?.requestId &&
      this.props.talk.sent.length > previous.talk.sent.length;
    if (this.#atEnd || hasSent) this.#toEnd();
    else if (anchor !== null) this.#restore(anchor);
    if (this.props.rows !== previous.rows || this.props.joined !== previous.joined) this.#loadIfNear();
  }

  override render({ rows, talk, me, joined }: Props, { seenId, loading }: State) {
    const news = seenId === undefined ? 0 : countAfter(talk, seenId, me.id);
    return (
      <div class="message-area">
        <div
          class="message-list"
          ref={this.#viewport}
          onScroll={this.#scrolled}
          role="log"
          aria-live={loading === undefined ? "polite" : "off"}
          aria-relevant="additions"
          aria-label="Messages"
          aria-busy={!joined && rows.length === 0}
          tabIndex={0}
          data-testid="message-list"
        >
          {rows.length === 0 ? <Nothing joined={joined} /> : <div class="message-filler" />}
          {rows.map((row) => this.#row(row))}
        </div>
        {seenId !== undefined && (
          <button class="new-messages" type="button" data-testid="new-messages" onClick={() => this.#toEnd()}>
            <Icon name="down" />
            {news === 0 ? "Latest" : news === 1 ? "1 new message" : `${news} new messages`}
          </button>
        )}
      </div>
    );
  }

  #row(row: Row) {
    const { chat, roomId, me } = this.props;
    switch (row.kind) {
      case "day":
        return <Day key={row.key} at={row.day} />;
      case "hole":
        return this.#hole(row);
      case "message":
        return (
          <MessageRow
            key={row.key}
            rowKey={row.key}
            message={row.message}
            isFirst={row.isFirst}
            isMine={row.message.sender.id === me.id}
          />
        );
      case "line":
        return (
          <LineRow
            key={row.key}
            line={row.line}
            me={me}
            isFirst={row.isFirst}
            onRetry={() => chat.retry(roomId, row.line.requestId)}
            onDiscard={() => chat.discard(roomId, row.line.requestId)}
          />
        );
    }
  }

  #hole(row: Row & { kind: "hole" }) {
    const { loading, problem } = this.state;
    const words = row.isTop ? "Load earlier messages" : "Load the messages missing here";
    return (
      <div key={row.key} class={row.isTop ? "hole" : "hole gap"} data-testid={row.isTop ? "history-top" : "gap"}>
        <button
          class="button small"
          type="button"
          disabled={loading !== undefined}
          data-testid="load-more"
          onClick={() => void this.#load(row.before)}
        >
          {loading === row.before ? "Loading…" : words}
        </button>
        {problem !== undefined && <span class="field-problem">{problem}</span>}
      </div>
    );
  }

  readonly #scrolled = (): void => {
    const viewport = this.#viewport.current;
    if (viewport === null) return;
    this.#atEnd = viewport.scrollHeight - viewport.scrollTop - viewport.clientHeight < END_SLACK_PX;
    const newest = this.props.talk.timeline.messages.at(-1)?.id;
    if (this.#atEnd && this.state.seenId !== undefined) this.setState({ seenId: undefined });
    if (!this.#atEnd && this.state.seenId === undefined) this.setState({ seenId: newest });
    this.#loadIfNear();
  };

  #toEnd(): void {
    const viewport = this.#viewport.current;
    if (viewport === null) return;
    this.#atEnd = true;
    viewport.scrollTop = viewport.scrollHeight;
    if (this.state.seenId !== undefined) this.setState({ seenId: undefined });
  }

  #restore({ key, top }: Anchor): void {
    const viewport = this.#viewport.current;
    const row = viewport?.querySelector(`[data-row="${CSS.escape(key)}"]`);
    if (viewport && row) viewport.scrollTop += row.getBoundingClientRect().top - top;
  }

  #loadIfNear(): void {
    const first = this.props.rows[0];
    const near = (this.#viewport.current?.scrollTop ?? 0) < LOAD_AT_PX;
    const free = this.state.loading === undefined && this.state.problem === undefined;
    if (near && free && this.props.joined && first?.kind === "hole") void this.#load(first.before);
  }

  async #load(before: string): Promise<void> {
    this.setState({ loading: before, problem: undefined });
    try {
      await this.props.chat.loadBefore(this.props.roomId, before);
      this.setState({ loading: undefined });
    } catch (cause) {
      this.setState({ loading: undefined, problem: sentence(Refusal.from(cause)) });
    }
  }
}

function Day({ at }: { at: number }) {
  return (
    <div class="day" role="separator">
      <span>{dayLabel(at, Date.now())}</span>
    </div>
  );
}

function Nothing({ joined }: { joined: boolean }) {
  return (
    <div class="empty-state" data-testid="no-messages">
      <p class="quiet">{joined ? "Nothing has been said here yet. Say hello." : "Entering the room…"}</p>
    </div>
  );
}

function countAfter(talk: Conversation, id: string, myId: string): number {
  const { messages } = talk.timeline;
  let count = 0;
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages[index];
    if (message === undefined || compareIds(message.id, id) <= 0) break;
    if (message.sender.id !== myId) count += 1;
  }
  return count;
}
