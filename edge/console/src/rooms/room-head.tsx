// The line above a room's talk: its name, who is there, and what can be done with the room.
import { useStore } from "../core/store.ts";
import { NOBODY } from "../presence/members.ts";
import { Icon } from "../shell/icons.tsx";
import { useServices } from "../shell/services.ts";
import type { OpenRoom } from "./rooms.ts";

interface Props {
  room: OpenRoom;
  onRooms(): void;
  onMembers(): void;
}

export function RoomHead({ room, onRooms, onMembers }: Props) {
  const { rooms, presence, notices } = useServices();
  const count = useStore(presence.rooms, (all) => (all.get(room.id) ?? NOBODY).count);
  const unreadElsewhere = useStore(rooms.state, ({ open }) => [...open.values()].some((other) => other.unread > 0));

  const copyLink = async () => {
    const link = `${location.origin}/#room=${encodeURIComponent(room.id)}`;
    try {
      await navigator.clipboard.writeText(link);
      notices.add("Link copied.");
    } catch {
      notices.add(link);
    }
  };

  return (
    <header class="room-head">
      <button
        class="icon-button narrow-only"
        type="button"
        aria-label="Rooms"
        data-testid="open-rooms"
        onClick={onRooms}
      >
        <Icon name="menu" />
        {unreadElsewhere && <span class="dot" />}
      </button>
      <div class="room-title">
        <h1 data-testid="room-name">{room.name}</h1>
        {room.name !== room.id && <span class="quiet small room-id">{room.id}</span>}
      </div>
      <button
        class="icon-button"
        type="button"
        title="Copy a link to this room"
        aria-label="Copy a link to this room"
        data-testid="copy-link"
        onClick={copyLink}
      >
        <Icon name="link" />
      </button>
      <button
        class="icon-button"
        type="button"
        title="Leave this room"
        aria-label="Leave this room"
        data-testid="leave"
        onClick={() => void rooms.leave(room.id)}
      >
        <Icon name="leave" />
      </button>
      <button
        class="icon-button people-button"
        type="button"
        aria-label={`People: ${count}`}
        data-testid="open-members"
        onClick={onMembers}
      >
        <Icon name="people" />
        <span data-testid="member-count">{count}</span>
      </button>
    </header>
  );
}
