// The left column: the rooms, the ways to another one, and who I am.
import { useState } from "preact/hooks";
import { isRoomId } from "../core/contract.ts";
import { NotificationBell } from "../notifications/notification-bell.tsx";
import { StatusMenu } from "../presence/status-menu.tsx";
import { Icon } from "../shell/icons.tsx";
import { useServices } from "../shell/services.ts";
import { RoomList } from "./room-list.tsx";

interface Props {
  onChosen(): void;
  onSignOut(): void;
}

export function Sidebar({ onChosen, onSignOut }: Props) {
  const { rooms, overlays } = useServices();
  return (
    <>
      <header class="sidebar-head">
        <Icon name="logo" />
        <strong>Realtime</strong>
        <NotificationBell />
      </header>
      <JoinForm
        onJoin={(id) => {
          rooms.enter(id);
          onChosen();
        }}
      />
      <div class="section-head">
        <h2>Rooms</h2>
        <span class="button-group">
          <button
            class="icon-button"
            type="button"
            title="Find a room"
            aria-label="Find a room"
            data-testid="browse-rooms"
            onClick={() => overlays.open({ kind: "browse" })}
          >
            <Icon name="search" />
          </button>
          <button
            class="icon-button"
            type="button"
            title="New room"
            aria-label="New room"
            data-testid="new-room"
            onClick={() => overlays.open({ kind: "create" })}
          >
            <Icon name="plus" />
          </button>
        </span>
      </div>
      <RoomList onChosen={onChosen} />
      <footer class="sidebar-foot">
        <StatusMenu />
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
