// The bell: how many notifications are unread, and the way to them.
import { useStore } from "../core/store.ts";
import { unreadWords } from "../rooms/my-rooms.ts";
import { Icon } from "../shell/icons.tsx";
import { useServices } from "../shell/services.ts";

export function NotificationBell() {
  const { notifications, overlays } = useServices();
  const unread = useStore(notifications.inbox, (inbox) => inbox.unread);
  const label = unread === 0 ? "Notifications" : `Notifications: ${unreadWords(unread)} unread`;
  return (
    <button
      class="icon-button bell"
      type="button"
      title={label}
      aria-label={label}
      data-testid="open-notifications"
      onClick={() => overlays.open({ kind: "notifications" })}
    >
      <Icon name="bell" />
      {unread > 0 && (
        <span class="button-badge" data-testid="notification-count">
          {unreadWords(unread)}
        </span>
      )}
    </button>
  );
}
