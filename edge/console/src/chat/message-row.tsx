// A message that the room has: its words, what it answers, what others think of it, and what can be done with it.
import { Component, createRef, type TargetedEvent } from "preact";
import type { Message } from "../core/contract.ts";
import { Refusal } from "../core/refusal.ts";
import type { HeldMessage } from "./changes.ts";
import type { Chat } from "./chat.ts";
import type { Place } from "./desk.ts";
import { EditBox } from "./edit-box.tsx";
import { MessageBody } from "./message-body.tsx";
import { MessageFrame } from "./message-frame.tsx";
import { MessageTools, toolKey } from "./message-tools.tsx";
import type { Rights } from "./permissions.ts";
import { QuoteLine } from "./quote.tsx";
import { ReactionBar } from "./reaction-bar.tsx";
import { chatSentence } from "./refusals.ts";
import { ThreadChip } from "./thread-row.tsx";
import type { ThreadSummary } from "./threads.ts";

const PROBLEM_SHOWN_MS = 6_000;

interface Props {
  rowKey: string;
  message: HeldMessage;
  isFirst: boolean;
  thread: ThreadSummary | undefined;
  place: Place;
  rights: Rights;
  isEditing: boolean;
  chat: Chat;
  onGo(messageId: string): void;
}

interface State {
  /** The pointer or the keyboard is here: only then the tools are drawn, a long talk has many rows. */
  active: boolean;
  problem?: string | undefined;
}

export class MessageRow extends Component<Props, State> {
  /** The row that shows its tools: one at a time, in whatever list. */
  static current: MessageRow | undefined;
  override state: State = { active: false };
  readonly #frame = createRef<HTMLElement>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  override componentWillUnmount(): void {
    clearTimeout(this.#timer);
    if (MessageRow.current === this) MessageRow.current = undefined;
  }

  /** Renders again only when something of its own changed. */
  override shouldComponentUpdate(next: Props, state: State): boolean {
    const { message, isFirst, thread, rights, isEditing } = this.props;
    return (
      state !== this.state ||
      next.message !== message ||
      next.isFirst !== isFirst ||
      next.rights !== rights ||
      next.isEditing !== isEditing ||
      next.thread?.count !== thread?.count ||
      next.thread?.lastAt !== thread?.lastAt
    );
  }

  override render({ rowKey, message, isFirst, rights, isEditing }: Props, { active }: State) {
    if (message.kind === "system") {
      return (
        <p class="system-message" data-row={rowKey} data-testid="system-message">
          {message.content}
        </p>
      );
    }
    const isThere = message.deletedAt === undefined;
    return (
      <MessageFrame
        rowKey={rowKey}
        author={message.sender}
        at={message.createdAt}
        isFirst={isFirst}
        isMine={message.sender.id === rights.myId}
        isForMe={message.mentions.includes(rights.myId)}
        state="sent"
        messageId={message.id}
        frame={this.#frame}
        tools={active && isThere && !isEditing && this.#tools()}
        events={{
          onPointerEnter: this.#entered,
          onPointerLeave: this.#left,
          onFocusIn: () => this.#activate(),
          onFocusOut: this.#left,
          onKeyDown: this.#key,
        }}
      >
        {this.#words()}
        {this.#foot()}
      </MessageFrame>
    );
  }

  #words() {
    const { message, isEditing, chat, rights, onGo } = this.props;
    if (message.deletedAt !== undefined) return <Tombstone message={message} />;
    if (isEditing) return <EditBox message={message} onEnd={this.#endEdit} />;
    const people = chat.peopleOf(message.roomId).filter(({ id }) => message.mentions.includes(id));
    return (
      <>
        {message.replyTo !== undefined && <QuoteLine quote={message.replyTo} onGo={onGo} />}
        <div data-testid="message-content">
          <MessageBody words={message} people={people} myId={rights.myId} />
        </div>
        {message.editedAt !== undefined && <Edited at={message.editedAt} />}
      </>
    );
  }

  #foot() {
    const { message, thread, rights, chat } = this.props;
    const { problem } = this.state;
    return (
      <>
        <ReactionBar
          reactions={message.reactions}
          myId={rights.myId}
          mayReact={rights.writes}
          nameOf={(userId) => chat.nameOf(message.roomId, userId)}
          onReact={this.#react}
        />
        {thread !== undefined && (
          <ThreadChip thread={thread} onOpen={() => chat.desk.openThread(message.roomId, message.id)} />
        )}
        {problem !== undefined && (
          <p class="field-problem" role="alert" data-testid="message-problem">
            {problem}
          </p>
        )}
      </>
    );
  }

  #tools() {
    const { message, place, rights, chat } = this.props;
    return <MessageTools message={message} place={place} rights={rights} desk={chat.desk} onReact={this.#react} />;
  }

  readonly #endEdit = (): void => {
    this.props.chat.desk.endEdit();
    this.props.chat.desk.write(this.props.place);
  };

  readonly #react = async (emoji: string): Promise<void> => {
    const { message, chat } = this.props;
    try {
      await chat.actions.react(message.roomId, message.id, emoji);
      this.setState({ problem: undefined });
    } catch (cause) {
      this.setState({ problem: chatSentence("react", Refusal.from(cause)) });
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.setState({ problem: undefined }), PROBLEM_SHOWN_MS);
    }
  };

  /** Rows also pass under a pointer that rests, while the keyboard moves the talk. */
  readonly #entered = (): void => {
    const { current } = MessageRow;
    if (current === undefined || !current.#isHeld()) this.#activate();
  };

  #activate(): void {
    if (MessageRow.current !== this) MessageRow.current?.setState({ active: false });
    MessageRow.current = this;
    if (!this.state.active) this.setState({ active: true });
  }

  /** The tools stay while the keyboard is in the row, or while one of their menus is open. */
  #isHeld(): boolean {
    const frame = this.#frame.current;
    return frame?.matches(":focus-visible, :has(:popover-open, :focus-visible)") === true;
  }

  readonly #left = (event: TargetedEvent<HTMLElement, PointerEvent | FocusEvent>): void => {
    // A finger leaves with every tap; what it tapped keeps the focus.
    if ("pointerType" in event && event.pointerType !== "mouse") return;
    const next = event.relatedTarget;
    const isInside = next instanceof Node && event.currentTarget.contains(next);
    // The keyboard goes on to the composer after an edit, the pointer stays.
    const isPointedAt = event.type === "focusout" && event.currentTarget.matches(":hover");
    if (isInside || isPointedAt || this.#isHeld()) return;
    this.setState({ active: false });
    if (MessageRow.current === this) MessageRow.current = undefined;
  };

  readonly #key = (event: KeyboardEvent): void => {
    // Only of the row itself: in its fields and menus the keys mean something else.
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.target !== event.currentTarget || !isPlain || this.props.message.deletedAt !== undefined) return;
    const { message, place, rights, chat } = this.props;
    if (toolKey(event.key, { message, place, rights, desk: chat.desk })) event.preventDefault();
  };
}

function Tombstone({ message: { sender, deletedBy } }: { message: HeldMessage }) {
  const byOther = deletedBy !== undefined && deletedBy.id !== sender.id;
  return (
    <p class="quiet deleted" data-testid="tombstone">
      {byOther ? `This message was removed by ${deletedBy.name}.` : "This message was deleted."}
    </p>
  );
}

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

function Edited({ at }: { at: NonNullable<Message["editedAt"]> }) {
  return (
    <small class="quiet edited" title={moment.format(at)} data-testid="edited">
      edited
    </small>
  );
}
