// What stands in the middle when there is no talk to show.
import { Icon } from "../shell/icons.tsx";
import { useServices } from "../shell/services.ts";
import type { OpenRoom } from "./open-room.ts";
import { refusedWords } from "./refused.ts";

export function Welcome({ onOpenRooms }: { onOpenRooms(): void }) {
  const { rooms, me, overlays } = useServices();
  return (
    <div class="empty-state" data-testid="welcome">
      <Icon name="logo" />
      <h1>Hello, {me.name}</h1>
      <p class="quiet">Find a room, or make one of your own. A room that nobody has made yet begins with you.</p>
      <div class="button-row">
        <button class="button primary" type="button" onClick={() => rooms.enter("lobby")} data-testid="join-lobby">
          Join the lobby
        </button>
        <button
          class="button"
          type="button"
          data-testid="welcome-browse"
          onClick={() => overlays.open({ kind: "browse" })}
        >
          Find a room
        </button>
        <button class="button" type="button" onClick={() => overlays.open({ kind: "create" })}>
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
  if (room.refusal === undefined) return null;
  const words = refusedWords(room.refusal, Date.now());
  return (
    <div class="empty-state" role="alert" data-testid="room-refused" data-code={room.refusal.code}>
      <Icon name="warning" />
      <h2>{words.heading}</h2>
      <p class="quiet">{words.text}</p>
      <div class="button-row">
        {words.mayTry && (
          <button
            class="button primary"
            type="button"
            data-testid="enter-again"
            onClick={() => rooms.enter(room.id)}
          >
            Try again
          </button>
        )}
        <button class="button" type="button" data-testid="forget-room" onClick={() => rooms.forget(room.id)}>
          Take off my list
        </button>
      </div>
    </div>
  );
}
