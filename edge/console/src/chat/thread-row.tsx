// A thread as the room's talk shows it: under the message that began it, and in one line where somebody answered.
import type { Message } from "../core/contract.ts";
import { Avatar } from "../shell/avatar.tsx";
import { Icon } from "../shell/icons.tsx";
import { excerpt } from "./excerpt.ts";
import { Time } from "./message-frame.tsx";
import { repliesLabel, type ThreadSummary } from "./threads.ts";

export function ThreadChip({ thread, onOpen }: { thread: ThreadSummary; onOpen(): void }) {
  return (
    <button
      class="thread-chip"
      type="button"
      data-testid="open-thread"
      data-count={thread.count}
      title="Open the thread"
      onClick={onOpen}
    >
      <span class="thread-people">
        {thread.people.map((user) => (
          <Avatar key={user.id} user={user} />
        ))}
      </span>
      <strong>{repliesLabel(thread.count)}</strong>
      <span class="quiet small">
        last at <Time at={thread.lastAt} />
      </span>
    </button>
  );
}

interface Props {
  rowKey: string;
  threadId: string;
  messages: Message[];
  root: Message | undefined;
  onOpen(): void;
}

export function ThreadRow({ rowKey, threadId, messages, root, onOpen }: Props) {
  const last = messages.at(-1);
  const names = [...new Set(messages.map(({ sender }) => sender.name))];
  if (last === undefined) return null;
  return (
    <div class="thread-row" data-row={rowKey} data-testid="thread-row" data-thread-id={threadId} tabIndex={-1}>
      <button type="button" title="Open the thread" onClick={onOpen}>
        <Icon name="thread" />
        <span class="thread-words">
          <span class="thread-about">
            <strong>{names.join(", ")}</strong> in the thread{root === undefined ? "" : " of "}
            {root !== undefined && (
              <>
                {root.sender.name}: <q>{root.deletedAt === undefined ? excerpt(root) : "a deleted message"}</q>
              </>
            )}
          </span>
          <span class="thread-last" data-testid="thread-last">
            {excerpt(last)}
          </span>
        </span>
        {messages.length > 1 && <span class="tag">{messages.length} replies</span>}
        <Time at={last.createdAt} />
      </button>
    </div>
  );
}
