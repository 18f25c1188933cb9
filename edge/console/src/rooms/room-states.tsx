// What stands in the middle when there is no talk to show.
import { sentence } from "../core/refusal.ts";
import { Icon } from "../shell/icons.tsx";
import { useServices } from "../shell/services.ts";
import type { OpenRoom } from "./rooms.ts";

export function Welcome({ onOpenRooms, onCreate }: { onOpenRooms(): void; onCreate(): void }) {
  const { rooms, me } = useServices();
  return (
    <div class="empty-state" data-testid="welcome">
      <Icon name="logo" />
      <h1>Hello, {me.name}</h1>
      <p class="quiet">
        Join a room by its id, or make one of your own. A room that nobody has made yet begins with you.
      </p>
      <div class="button-row">
        <button class="button primary" type="button" onClick={() => rooms.enter("lobby")} data-testid="join-lobby">
          Join the lobby
        </button>
        <button class="button" type="button" onClick={onCreate}>
          New room
        </button>
        <button class="button narrow-only" type="button" onClick={onOpenRooms} data-testid="open-rooms">
          Rooms
        </button>
      </div>
    </div>
  );
}

export function RoomRefused({ room }: { room: OpenRoom }) {
  const { rooms } = useServices();
  return (
    <div class="empty-state" role="alert" data-testid="room-refused">
      <Icon name="warning" />
      <h2>You cannot enter this room</h2>
      <p class="quiet">{room.refusal === undefined ? "" : sentence(room.refusal)}</p>
      <div class="button-row">
        <button class="button primary" type="button" onClick={() => rooms.enter(room.id)}>
          Try again
        </button>
        <button class="button" type="button" onClick={() => void rooms.leave(room.id)}>
          Remove from my list
        </button>
      </div>
    </div>
  );
}
