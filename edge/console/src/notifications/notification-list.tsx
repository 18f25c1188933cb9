// The sheet with what one was told: newest first, older ones on request.
import type { Notification } from "../core/contract.ts";
import { useStore } from "../core/store.ts";
import { Dialog } from "../shell/dialog.tsx";
import { Icon, type IconName } from "../shell/icons.tsx";
import { useServices } from "../shell/services.ts";
import { ago } from "../shell/time.ts";
import { useRequest } from "../shell/use-request.ts";
import { roomOf } from "./notifications.ts";

interface Props {
  onClose(): void;
  /** A notification led somewhere. */
  onFollowed(): void;
}

export function NotificationList({ onClose, onFollowed }: Props) {
  const { notifications } = useServices();
  const { items, unread, hasMore } = useStore(notifications.inbox, (inbox) => inbox);
  const { busy, problem, send } = useRequest();
  return (
    <Dialog heading="Notifications" testId="notifications" shape="sheet" onClose={onClose}>
      {unread > 0 && (
        <div class="sheet-bar">
          <span class="quiet small">{unread} unread</span>
          <button
            class="button small"
            type="button"
            data-testid="read-all"
            onClick={() => void notifications.readAll()}
          >
            Mark all as read
          </button>
        </div>
      )}
      <div class="sheet-list">
        <ul data-testid="notification-list">
          {items.map((item) => (
            <Item
              key={item.id}
              item={item}
              onOpen={() => {
                notifications.open(item);
                if (roomOf(item) !== undefined) onFollowed();
              }}
            />
          ))}
        </ul>
        {items.length === 0 && (
          <p class="sheet-empty quiet" data-testid="no-notifications">
            Nothing yet. Mentions and invitations come here.
          </p>
        )}
        {problem !== undefined && (
          <p class="field-problem" role="alert">
            {problem}
          </p>
        )}
        {hasMore && (
          <button
            class="button plain wide"
            type="button"
            disabled={busy}
            data-testid="more-notifications"
            onClick={() => void send(() => notifications.more())}
          >
            {busy ? "Loading…" : "Show older"}
          </button>
        )}
      </div>
    </Dialog>
  );
}

const ICONS: Record<string, IconName> = { mention: "at", invitation: "invite" };

function Item({ item, onOpen }: { item: Notification; onOpen(): void }) {
  const isUnread = item.readAt === undefined;
  const isInvitation = item.kind === "invitation" && roomOf(item) !== undefined;
  return (
    <li>
      <button
        class={`notification${isUnread ? " unread" : ""}`}
        type="button"
        data-testid="notification"
        data-kind={item.kind}
        data-unread={isUnread}
        onClick={onOpen}
      >
        <Icon name={ICONS[item.kind] ?? "bell"} />
        <span class="list-words">
          <strong>{item.title}</strong>
          {item.body !== "" && <span class="notification-body">{item.body}</span>}
          <small class="quiet">
            {ago(item.createdAt, Date.now())}
            {isUnread && <span class="visually-hidden">, unread</span>}
          </small>
        </span>
        {isInvitation && (
          <span class="button small primary" aria-hidden="true">
            Open
          </span>
        )}
      </button>
    </li>
  );
}
