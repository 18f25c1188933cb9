// One row of a talk: a message that the room has, or a line that is on its way there.
import { Component, type ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Message, User } from "../core/contract.ts";
import { sentence } from "../core/refusal.ts";
import { Avatar } from "../shell/avatar.tsx";
import type { SentLine } from "./conversation.ts";
import { MessageBody } from "./message-body.tsx";

interface MessageRowProps {
  rowKey: string;
  message: Message;
  isFirst: boolean;
  isMine: boolean;
}

/** Renders again only when something of its own changed: a long talk has many rows. */
export class MessageRow extends Component<MessageRowProps> {
  override shouldComponentUpdate(next: MessageRowProps): boolean {
    return next.message !== this.props.message || next.isFirst !== this.props.isFirst;
  }

  override render({ rowKey, message, isFirst, isMine }: MessageRowProps) {
    if (message.kind === "system") {
      return (
        <p class="system-message" data-row={rowKey} data-testid="system-message">
          {message.content}
        </p>
      );
    }
    return (
      <Frame
        rowKey={rowKey}
        author={message.sender}
        at={message.createdAt}
        isFirst={isFirst}
        isMine={isMine}
        state="sent"
        messageId={message.id}
      >
        {message.replyTo !== undefined && (
          <blockquote class="quote">
            <strong>{message.replyTo.sender.name}</strong> {message.replyTo.excerpt}
          </blockquote>
        )}
        {message.deletedAt === undefined ? (
          <MessageBody words={message} />
        ) : (
          <p class="quiet deleted">This message was deleted.</p>
        )}
        {message.editedAt !== undefined && message.deletedAt === undefined && <small class="quiet">edited</small>}
      </Frame>
    );
  }
}

interface LineRowProps {
  line: SentLine;
  me: User;
  isFirst: boolean;
  onRetry(): void;
  onDiscard(): void;
}

export function LineRow({ line, me, isFirst, onRetry, onDiscard }: LineRowProps) {
  return (
    <Frame rowKey={line.requestId} author={me} at={line.sentAt} isFirst={isFirst} isMine state={line.state}>
      <MessageBody words={line.draft} />
      {line.state === "waiting" && <small class="quiet">Waiting for the connection…</small>}
      {line.state === "failed" && <Failure line={line} onRetry={onRetry} onDiscard={onDiscard} />}
    </Frame>
  );
}

function Failure({ line, onRetry, onDiscard }: Pick<LineRowProps, "line" | "onRetry" | "onDiscard">) {
  const wait = useSecondsUntil(line.refusal?.retryAt);
  return (
    <div class="failure" role="alert">
      <span data-testid="send-problem">Not sent. {line.refusal === undefined ? "" : sentence(line.refusal)}</span>
      <button class="button small" type="button" disabled={wait > 0} data-testid="retry" onClick={onRetry}>
        {wait > 0 ? `Try again in ${wait} s` : "Try again"}
      </button>
      <button class="button small plain" type="button" data-testid="discard" onClick={onDiscard}>
        Discard
      </button>
    </div>
  );
}

interface FrameProps {
  rowKey: string;
  author: User;
  at: number;
  isFirst: boolean;
  isMine: boolean;
  state: "sent" | SentLine["state"];
  messageId?: string;
  children: ComponentChildren;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** Messages and lines on their way look alike, and keep their element when one becomes the other. */
function Frame({ rowKey, author, at, isFirst, isMine, state, messageId, children }: FrameProps) {
  const time = (
    <time dateTime={new Date(at).toISOString()} title={moment.format(at)}>
      {clock.format(at)}
    </time>
  );
  return (
    <article
      class={`message${isFirst ? " first" : ""}${isMine ? " mine" : ""} message-${state}`}
      data-row={rowKey}
      data-testid="message"
      data-message-id={messageId}
      data-state={state}
      data-own={isMine}
      data-author={author.id}
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
        <div data-testid="message-content">{children}</div>
      </div>
    </article>
  );
}

/** Whole seconds until a moment, counting down; 0 when there is none or it has come. */
function useSecondsUntil(at: number | undefined): number {
  const [now, setNow] = useState(Date.now);
  const left = at === undefined ? 0 : Math.max(0, Math.ceil((at - now) / 1_000));
  useEffect(() => {
    if (left === 0) return;
    const timer = setTimeout(() => setNow(Date.now()), 1_000);
    return () => clearTimeout(timer);
  }, [left, now]);
  return left;
}
