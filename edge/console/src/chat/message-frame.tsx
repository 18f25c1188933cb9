// The frame of a row: who, when, and the words. Messages and lines on their way look alike, and keep their element
// when one becomes the other.
import type { ComponentChildren, RefObject, TargetedEvent } from "preact";
import type { User } from "../core/contract.ts";
import { Avatar } from "../shell/avatar.tsx";
import type { SentLine } from "./conversation.ts";

export interface RowEvents {
  onPointerEnter(): void;
  onPointerLeave(event: TargetedEvent<HTMLElement, PointerEvent>): void;
  onFocusIn(): void;
  onFocusOut(event: TargetedEvent<HTMLElement, FocusEvent>): void;
  onKeyDown(event: TargetedEvent<HTMLElement, KeyboardEvent>): void;
}

interface Props {
  rowKey: string;
  author: User;
  at: number;
  isFirst: boolean;
  isMine: boolean;
  state: "sent" | SentLine["state"];
  messageId?: string;
  /** Mentions the reader. */
  isForMe?: boolean;
  children: ComponentChildren;
  /** What stands on top of the row while it is being looked at. */
  tools?: ComponentChildren;
  events?: RowEvents;
  frame?: RefObject<HTMLElement | null>;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

export function MessageFrame(props: Props) {
  const {
    rowKey,
    author,
    at,
    isFirst,
    isMine,
    isForMe = false,
    state,
    messageId,
    children,
    tools,
    events,
    frame,
  } = props;
  const time = <Time at={at} />;
  return (
    <article
      ref={frame ?? null}
      class={`message${isFirst ? " first" : ""}${isMine ? " mine" : ""}${isForMe ? " for-me" : ""} message-${state}`}
      data-row={rowKey}
      data-testid="message"
      data-message-id={messageId}
      data-state={state}
      data-own={isMine}
      data-author={author.id}
      data-for-me={isForMe}
      tabIndex={-1}
      {...events}
    >
      <div class="message-side">{isFirst ? <Avatar user={author} /> : time}</div>
      <div class="message-main">
        {isFirst ? (
          <header class="message-head">
            <strong class="message-author" title={author.id}>
              {author.name}
            </strong>
            {isMine && <span class="tag">you</span>}
            {time}
          </header>
        ) : (
          <span class="visually-hidden">{author.name}: </span>
        )}
        {children}
      </div>
      {tools}
    </article>
  );
}

export function Time({ at }: { at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={moment.format(at)}>
      {clock.format(at)}
    </time>
  );
}
