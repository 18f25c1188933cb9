// The line above a room's talk: its name, who is there, and what can be done with the room.
import { useStore } from "../core/store.ts";
import { mayManage, mayModerate } from "../moderation/authority.ts";
import { ModerationButton } from "../moderation/moderation-button.tsx";
import { NOBODY } from "../presence/members.ts";
import { Icon } from "../shell/icons.tsx";
import { Menu, type MenuItem } from "../shell/menu.tsx";
import { useServices } from "../shell/services.ts";
import { durationWords } from "../shell/time.ts";
import { type OpenRoom, totalUnread } from "./open-room.ts";

interface Props {
  room: OpenRoom;
  onRooms(): void;
  onMembers(): void;
}

export function RoomHead({ room, onRooms, onMembers }: Props) {
  const { rooms, presence, notifications } = useServices();
  const count = useStore(presence.rooms, (all) => (all.get(room.id) ?? NOBODY).count);
  const newsElsewhere = useStore(rooms.state, (state) => totalUnread(state) > 0);
  const isNotified = useStore(notifications.inbox, ({ unread }) => unread > 0);
  const slowModeMs = room.room?.slowModeMs ?? 0;

  return (
    <header class="room-head">
      <button
        class="icon-button narrow-only"
        type="button"
        aria-label={newsElsewhere || isNotified ? "Rooms, with something new" : "Rooms"}
        data-testid="open-rooms"
        onClick={onRooms}
      >
        <Icon name="menu" />
        {(newsElsewhere || isNotified) && <span class="dot" />}
      </button>
      <div class="room-title">
        <h1 data-testid="room-name">{room.name}</h1>
        <span class="quiet small room-facts">
          {room.name !== room.id && <span class="room-id">{room.id}</span>}
          {slowModeMs > 0 && (
            <span data-testid="slow-mode-shown">one message every {durationWords(slowModeMs)}</span>
          )}
        </span>
      </div>
      <ModerationButton roomId={room.id} />
      <RoomMenu room={room} />
      {room.phase !== "refused" && (
        <button
          class="icon-button people-button"
          type="button"
          aria-label={`People: ${count}`}
          title="People"
          data-testid="open-members"
          onClick={onMembers}
        >
          <Icon name="people" />
          <span data-testid="member-count">{count}</span>
        </button>
      )}
    </header>
  );
}

function RoomMenu({ room }: { room: OpenRoom }) {
  const { rooms, standing, overlays, notices } = useServices();
  const level = useStore(standing.levels, (all) => all.get(room.id) ?? 0);

  const copyLink = async () => {
    const link = `${location.origin}/#room=${encodeURIComponent(room.id)}`;
    try {
      await navigator.clipboard.writeText(link);
      notices.add("Link copied.");
    } catch {
      notices.add(link);
    }
  };

  const forModerators: MenuItem[] = [
    {
      label: mayManage(level) ? "Room settings" : "Slow mode",
      testId: "open-settings",
      onChoose: () => overlays.open({ kind: "settings", roomId: room.id }),
    },
    {
      label: "Invite somebody",
      testId: "menu-invite",
      onChoose: () => overlays.open({ kind: "invite", roomId: room.id }),
    },
  ];
  const items: MenuItem[] = [
    ...(mayModerate(level) ? forModerators : []),
    { label: "Copy a link to this room", testId: "copy-link", onChoose: () => void copyLink() },
    { label: "Leave this room", testId: "leave", danger: true, onChoose: () => void rooms.leave(room.id) },
  ];
  return (
    <Menu label="More about this room" testId="room-menu" items={items}>
      <Icon name="more" />
    </Menu>
  );
}
