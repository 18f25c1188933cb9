// The left column: who I am, the open rooms, and the two ways to another one.
import { useState } from "preact/hooks";
import { isRoomId } from "../core/contract.ts";
import { useStore } from "../core/store.ts";
import { useServices } from "../shell/services.ts";
import { Avatar } from "../shell/avatar.tsx";
import { Icon } from "../shell/icons.tsx";
import type { OpenRoom } from "./rooms.ts";

interface Props {
  onChosen(): void;
  onCreate(): void;
  onSignOut(): void;
}

export function Sidebar({ onChosen, onCreate, onSignOut }: Props) {
  const { rooms, me, connection } = useServices();
  const open = useStore(rooms.state, (state) => state.open);
  const active = useStore(rooms.state, (state) => state.active);
  const connected = useStore(connection.state, (state) => state.kind === "connected");

  return (
    <>
      <header class="sidebar-head">
        <Icon name="logo" />
        <strong>Realtime</strong>
      </header>
      <JoinForm
        onJoin={(id) => {
          rooms.enter(id);
          onChosen();
        }}
      />
      <div class="section-head">
        <h2 id="rooms-heading">Rooms</h2>
        <button
          class="icon-button"
          type="button"
          title="New room"
          aria-label="New room"
          data-testid="new-room"
          onClick={onCreate}
        >
          <Icon name="plus" />
        </button>
      </div>
      <nav class="room-list" aria-labelledby="rooms-heading">
        <ul data-testid="room-list">
          {[...open.values()].map((room) => (
            <RoomEntry
              key={room.id}
              room={room}
              isActive={room.id === active}
              onSelect={() => {
                rooms.select(room.id);
                onChosen();
              }}
            />
          ))}
        </ul>
        {open.size === 0 && <p class="quiet small">No rooms yet.</p>}
      </nav>
      <footer class="sidebar-foot">
        <span class={connected ? "presence online" : "presence"}>
          <Avatar user={me} />
        </span>
        <span class="me">
          <strong data-testid="me">{me.name}</strong>
          <small class="quiet">{connected ? "Connected" : "Not connected"}</small>
        </span>
        <button
          class="icon-button"
          type="button"
          title="Sign out"
          aria-label="Sign out"
          data-testid="sign-out"
          onClick={onSignOut}
        >
          <Icon name="sign-out" />
        </button>
      </footer>
    </>
  );
}

function JoinForm({ onJoin }: { onJoin(roomId: string): void }) {
  const [text, setText] = useState("");
  const roomId = text.trim();
  const fits = roomId === "" || isRoomId(roomId);
  return (
    <form
      class="join-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (roomId === "" || !fits) return;
        onJoin(roomId);
        setText("");
      }}
    >
      <div class="join-row">
        <input
          data-testid="room-input"
          aria-label="Room to join"
          aria-invalid={!fits}
          aria-describedby="room-input-help"
          placeholder="Join a room…"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          maxLength={128}
        />
        <button class="button" type="submit" data-testid="join" disabled={roomId === "" || !fits}>
          Join
        </button>
      </div>
      <small id="room-input-help" class="field-problem">
        {fits ? "" : "Letters a to z, digits and . _ : @ - only."}
      </small>
    </form>
  );
}

function RoomEntry({ room, isActive, onSelect }: { room: OpenRoom; isActive: boolean; onSelect(): void }) {
  return (
    <li>
      <button
        type="button"
        class={`room-entry${isActive ? " active" : ""}${room.unread > 0 ? " unread" : ""}`}
        aria-current={isActive ? "page" : undefined}
        data-testid="room"
        data-room-id={room.id}
        data-phase={room.phase}
        onClick={onSelect}
      >
        <Icon name={room.isPrivate ? "lock" : "hash"} />
        <span class="room-name">{room.name}</span>
        {room.phase === "refused" && <Icon name="warning" />}
        {room.unread > 0 && (
          <span class="unread-count" data-testid="unread" aria-label={`${room.unread} unread`}>
            {room.unread > 99 ? "99+" : room.unread}
          </span>
        )}
      </button>
    </li>
  );
}
