// The dialog in which one finds a room: the public ones and one's own, in pages.
import { useEffect, useState } from "preact/hooks";
import type { Room, RoomType } from "../core/contract.ts";
import { useStore } from "../core/store.ts";
import { Dialog } from "../shell/dialog.tsx";
import { Icon } from "../shell/icons.tsx";
import { useServices } from "../shell/services.ts";
import { Tabs } from "../shell/tabs.tsx";
import { useRequest } from "../shell/use-request.ts";
import { ROOM_TYPES, roomFacts, roomIcon, TYPE_WORDS } from "./room-types.ts";

type Scope = "public" | "mine";

export function RoomBrowser({ onClose, onCreate }: { onClose(): void; onCreate(): void }) {
  const [scope, setScope] = useState<Scope>("public");
  const [type, setType] = useState<RoomType>();
  return (
    <Dialog heading="Find a room" testId="browse" shape="wide" onClose={onClose}>
      <div class="browse-bar">
        <Tabs
          label="Which rooms"
          testId="browse"
          tabs={[
            { value: "public", label: "Public" },
            { value: "mine", label: "Mine" },
          ]}
          chosen={scope}
          onChoose={(value) => setScope(value)}
        />
        <select
          aria-label="Type of room"
          data-testid="browse-type"
          value={type ?? ""}
          onChange={({ currentTarget }) => setType(ROOM_TYPES.find((known) => known === currentTarget.value))}
        >
          <option value="">All types</option>
          {ROOM_TYPES.map((known) => (
            <option key={known} value={known}>
              {TYPE_WORDS[known]}
            </option>
          ))}
        </select>
      </div>
      <Found key={`${scope} ${type}`} scope={scope} type={type} onClose={onClose} onCreate={onCreate} />
    </Dialog>
  );
}

interface FoundProps {
  scope: Scope;
  type: RoomType | undefined;
  onClose(): void;
  onCreate(): void;
}

/** One search's result, page by page. */
function Found({ scope, type, onClose, onCreate }: FoundProps) {
  const { connection, rooms } = useServices();
  const [found, setFound] = useState<Room[]>();
  const [cursor, setCursor] = useState<string>();
  const { busy, problem, send } = useRequest();

  const read = () =>
    void send(async () => {
      const page = await connection.requestPatiently("list-rooms", {
        scope,
        ...(type === undefined ? {} : { type }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      setFound((before) => [...(before ?? []), ...page.rooms]);
      setCursor(page.nextCursor);
    });

  useEffect(read, []);

  return (
    <div class="browse-found" role="tabpanel" aria-busy={busy}>
      <ul data-testid="browse-list">
        {found?.map((room) => (
          <FoundRoom
            key={room.id}
            room={room}
            onEnter={() => {
              rooms.enter(room.id);
              onClose();
            }}
          />
        ))}
      </ul>
      {found?.length === 0 && (
        <div class="sheet-empty" data-testid="browse-nothing">
          <p class="quiet">{scope === "mine" ? "You belong to no such room yet." : "There is no such room yet."}</p>
          <button class="button" type="button" onClick={onCreate}>
            Make one
          </button>
        </div>
      )}
      {found === undefined && busy && <p class="sheet-empty quiet">Looking for rooms…</p>}
      {problem !== undefined && (
        <div class="sheet-empty" role="alert">
          <p class="field-problem">{problem}</p>
          <button class="button small" type="button" onClick={read}>
            Try again
          </button>
        </div>
      )}
      {cursor !== undefined && (
        <button class="button plain wide" type="button" disabled={busy} data-testid="browse-more" onClick={read}>
          {busy ? "Loading…" : "Show more"}
        </button>
      )}
    </div>
  );
}

function FoundRoom({ room, onEnter }: { room: Room; onEnter(): void }) {
  const { rooms } = useServices();
  const isIn = useStore(rooms.state, ({ open }) => open.has(room.id));
  const name = room.name ?? room.id;
  return (
    <li class="list-row" data-testid="browse-room" data-room-id={room.id}>
      <Icon name={roomIcon(room.access?.visibility === "private")} />
      <span class="list-words">
        <strong>{name}</strong>
        <small class="quiet">{roomFacts(room)}</small>
      </span>
      <button
        class={isIn ? "button small" : "button small primary"}
        type="button"
        aria-label={`${isIn ? "Open" : "Join"} ${name}`}
        data-testid="browse-join"
        onClick={onEnter}
      >
        {isIn ? "Open" : "Join"}
      </button>
    </li>
  );
}
