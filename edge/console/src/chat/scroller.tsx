// The rows of a talk in a window on them: follows their end while the reader is there, keeps the place while not, reads
// history when scrolled to the top, and brings a message into view that is looked for.
import { Component, createRef } from "preact";
import { compareIds } from "../core/event-id.ts";
import { Refusal } from "../core/refusal.ts";
import { Icon } from "../shell/icons.tsx";
import type { Conversation } from "./conversation.ts";
import { chatSentence } from "./refusals.ts";
import { moveRowFocus } from "./row-focus.ts";
import { type RowContext, RowView } from "./row-view.tsx";
import type { Row } from "./rows.ts";

const END_SLACK_PX = 48;
const LOAD_AT_PX = 240;

interface Props extends Omit<RowContext, "loading" | "problem" | "onLoad"> {
  label: string;
  testId: string;
  talk: Conversation;
  rows: Row[];
  joined: boolean;
  /** What to say where there is nothing. */
  emptyWords: string;
  /** The message to bring into view. */
  sought: string | undefined;
  /** Whether the newest message is in view; told whenever that changes. */
  onEnd?(atEnd: boolean): void;
}

interface State {
  /** The newest message when the end was last in view; later ones are new. Absent while the end is in view. */
  seenId?: string | undefined;
  loading?: string | undefined;
  problem?: string | undefined;
  /** The line above what is new is out of sight, further up. */
  newAbove?: boolean;
}

/** A row on the screen and where its top was, to put it there again. */
interface Anchor {
  key: string;
  top: number;
}

export class Scroller extends Component<Props, State> {
  override state: State = {};
  readonly #viewport = createRef<HTMLDivElement>();
  readonly #observer = new ResizeObserver(() => this.#atEnd && this.#toEnd());
  #atEnd = true;

  override componentDidMount(): void {
    if (this.#viewport.current !== null) this.#observer.observe(this.#viewport.current);
    this.#toEnd();
    this.#find();
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
    const { talk, rows, joined, sought } = this.props;
    const sent = talk.sent.at(-1)?.requestId;
    const wasLonger = talk.sent.length <= previous.talk.sent.length;
    const hasSent = sent !== undefined && !wasLonger && sent !== previous.talk.sent.at(-1)?.requestId;
    if (this.#atEnd || hasSent) this.#toEnd();
    else if (anchor !== null) this.#restore(anchor);
    if (rows !== previous.rows || sought !== previous.sought) this.#find();
    if (rows !== previous.rows) this.#lookForLine();
    if (rows !== previous.rows || joined !== previous.joined) this.#loadIfNear();
  }

  override render(props: Props, { seenId, loading, problem, newAbove }: State) {
    const { rows, talk, me, joined, label, testId, emptyWords } = props;
    const news = seenId === undefined ? 0 : countAfter(talk, seenId, me.id);
    const context: RowContext = { ...props, loading, problem, onLoad: (before) => void this.#load(before) };
    return (
      <div class="message-area">
        <div
          class="message-list"
          ref={this.#viewport}
          onScroll={this.#scrolled}
          onKeyDown={this.#key}
          role="log"
          aria-live={loading === undefined ? "polite" : "off"}
          aria-relevant="additions"
          aria-label={label}
          aria-busy={!joined && rows.length === 0}
          tabIndex={0}
          data-testid={testId}
        >
          {rows.length === 0 ? <Nothing words={emptyWords} /> : <div class="message-filler" />}
          {rows.map((row) => (
            <RowView key={row.key} row={row} context={context} />
          ))}
        </div>
        {newAbove === true && (
          <button class="new-messages above" type="button" data-testid="jump-to-new" onClick={this.#toLine}>
            <Icon name="up" />
            New messages
          </button>
        )}
        {seenId !== undefined && (
          <button class="new-messages" type="button" data-testid="new-messages" onClick={() => this.#toEnd()}>
            <Icon name="down" />
            {news === 0 ? "Latest" : news === 1 ? "1 new message" : `${news} new messages`}
          </button>
        )}
      </div>
    );
  }

  readonly #scrolled = (): void => {
    const viewport = this.#viewport.current;
    if (viewport === null) return;
    this.#setAtEnd(viewport.scrollHeight - viewport.scrollTop - viewport.clientHeight < END_SLACK_PX);
    this.#lookForLine();
    this.#loadIfNear();
  };

  readonly #key = (event: KeyboardEvent): void => {
    const viewport = this.#viewport.current;
    if (viewport === null || event.defaultPrevented) return;
    if (moveRowFocus(viewport, event)) event.preventDefault();
    else if (event.key === "Escape" && isRow(event.target)) {
      event.preventDefault();
      this.props.chat.desk.write(this.props.place);
    }
  };

  #setAtEnd(atEnd: boolean): void {
    if (atEnd !== this.#atEnd) this.props.onEnd?.(atEnd);
    this.#atEnd = atEnd;
    const newest = this.props.talk.timeline.messages.at(-1)?.id;
    if (atEnd && this.state.seenId !== undefined) this.setState({ seenId: undefined });
    if (!atEnd && this.state.seenId === undefined) this.setState({ seenId: newest });
  }

  #toEnd(): void {
    const viewport = this.#viewport.current;
    if (viewport === null) return;
    viewport.scrollTop = viewport.scrollHeight;
    this.#setAtEnd(true);
    this.#lookForLine();
  }

  #restore({ key, top }: Anchor): void {
    const viewport = this.#viewport.current;
    const row = viewport?.querySelector(`[data-row="${CSS.escape(key)}"]`);
    if (viewport && row) viewport.scrollTop += row.getBoundingClientRect().top - top;
  }

  /** Brings the message that is looked for into view, as soon as its row is there. */
  #find(): void {
    const { sought, chat } = this.props;
    const row = sought === undefined ? null : this.#row(`[data-message-id="${CSS.escape(sought)}"]`);
    if (row === null) return;
    chat.desk.found();
    this.#center(row);
    row.focus({ preventScroll: true });
    row.classList.add("sought");
    row.addEventListener("animationend", () => row.classList.remove("sought"), { once: true });
  }

  readonly #toLine = (): void => {
    const line = this.#row(".new-line");
    if (line !== null) this.#center(line);
  };

  #lookForLine(): void {
    const line = this.#row(".new-line");
    const edge = this.#viewport.current?.getBoundingClientRect().top ?? 0;
    const newAbove = line !== null && line.getBoundingClientRect().bottom < edge;
    if (newAbove !== (this.state.newAbove ?? false)) this.setState({ newAbove });
  }

  #row(selector: string): HTMLElement | null {
    return this.#viewport.current?.querySelector<HTMLElement>(selector) ?? null;
  }

  #center(row: HTMLElement): void {
    const viewport = this.#viewport.current;
    if (viewport === null) return;
    const [view, at] = [viewport.getBoundingClientRect(), row.getBoundingClientRect()];
    viewport.scrollTop += at.top - view.top - Math.max(0, (view.height - at.height) / 2);
    this.#scrolled();
  }

  #loadIfNear(): void {
    const first = this.props.rows[0];
    const near = (this.#viewport.current?.scrollTop ?? 0) < LOAD_AT_PX;
    const free = this.state.loading === undefined && this.state.problem === undefined;
    if (near && free && this.props.joined && first?.kind === "hole") void this.#load(first.before);
  }

  async #load(before: string): Promise<void> {
    const { chat, place } = this.props;
    this.setState({ loading: before, problem: undefined });
    try {
      await chat.history.loadBefore(place, before);
      this.setState({ loading: undefined });
    } catch (cause) {
      this.setState({ loading: undefined, problem: chatSentence("load", Refusal.from(cause)) });
    }
  }
}

/** A row itself, not a menu or a field in it. */
function isRow(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.dataset["row"] !== undefined;
}

function Nothing({ words }: { words: string }) {
  return (
    <div class="empty-state" data-testid="no-messages">
      <p class="quiet">{words}</p>
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
