// The rooms in the sidebar: those that are open here, and those that one belongs to beside them.
import { useStore } from "../core/store.ts";
import { Icon, type IconName } from "../shell/icons.tsx";
import { useServices } from "../shell/services.ts";
import { type MyRoom, unreadWords } from "./my-rooms.ts";
import { type OpenRoom, shownUnread } from "./open-room.ts";
import { roomIcon } from "./room-types.ts";

export function RoomList({ onChosen }: { onChosen(): void }) {
  const { rooms, myRooms } = useServices();
  const state = useStore(rooms.state, (state) => state);
  const mine = useStore(myRooms.state, (known) => known);
  const others = [...mine.values()].filter(({ id }) => !state.open.has(id));
  const open = [...state.open.values()];

  return (
    <nav class="room-list" aria-label="My rooms">
      <ul data-testid="room-list">
        {open.map((room) => (
          <OpenEntry
            key={room.id}
            room={room}
            unread={shownUnread(state, room)}
            isActive={room.id === state.active}
            onSelect={() => {
              rooms.select(room.id);
              onChosen();
            }}
          />
        ))}
      </ul>
      {open.length === 0 && <p class="quiet small">No room is open.</p>}
      {others.length > 0 && (
        <>
          <h2 class="list-heading" id="other-rooms-heading">
            Not open here
          </h2>
          <ul data-testid="other-room-list" aria-labelledby="other-rooms-heading">
            {others.map((room) => (
              <OtherEntry
                key={room.id}
                room={room}
                onEnter={() => {
                  rooms.enter(room.id);
                  onChosen();
                }}
              />
            ))}
          </ul>
        </>
      )}
    </nav>
  );
}

interface OpenEntryProps {
  room: OpenRoom;
  unread: number;
  isActive: boolean;
  onSelect(): void;
}

function OpenEntry({ room, unread, isActive, onSelect }: OpenEntryProps) {
  return (
    <li>
      <button
        type="button"
        class={`room-entry${isActive ? " active" : ""}${unread > 0 ? " unread" : ""}`}
        aria-current={isActive ? "page" : undefined}
        data-testid="room"
        data-room-id={room.id}
        data-phase={room.phase}
        onClick={onSelect}
      >
        <EntryWords icon={roomIcon(room.isPrivate)} name={room.name} unread={unread} />
        {room.phase === "refused" && <Icon name="warning" />}
      </button>
    </li>
  );
}

function OtherEntry({ room, onEnter }: { room: MyRoom; onEnter(): void }) {
  return (
    <li>
      <button
        type="button"
        class={`room-entry outside${room.unread > 0 ? " unread" : ""}`}
        title={`Enter ${room.name}`}
        data-testid="other-room"
        data-room-id={room.id}
        onClick={onEnter}
      >
        <EntryWords icon={roomIcon(room.isPrivate)} name={room.name} unread={room.unread} />
      </button>
    </li>
  );
}

function EntryWords({ icon, name, unread }: { icon: IconName; name: string; unread: number }) {
  return (
    <>
      <Icon name={icon} />
      <span class="room-name">{name}</span>
      {unread > 0 && (
        <span class="unread-count">
          <span data-testid="unread">{unreadWords(unread)}</span>
          <span class="visually-hidden"> unread</span>
        </span>
      )}
    </>
  );
}
