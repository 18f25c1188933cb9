// The signed-in page: rooms on the left, the talk in the middle, the people on the right. On narrow screens
// the sides are drawers.
import { useEffect, useRef, useState } from "preact/hooks";
import { Composer } from "../chat/composer.tsx";
import { MessageList } from "../chat/message-list.tsx";
import { useStore } from "../core/store.ts";
import { MemberPanel } from "../presence/member-panel.tsx";
import { CreateRoom } from "../rooms/create-room.tsx";
import { RoomHead } from "../rooms/room-head.tsx";
import { RoomRefused, Welcome } from "../rooms/room-states.tsx";
import { Sidebar } from "../rooms/sidebar.tsx";
import { TypingLine } from "../typing/typing-line.tsx";
import { ConnectionBanner } from "./connection-banner.tsx";
import { NoticeList } from "./notices.tsx";
import { useServices } from "./services.ts";

type Drawer = "rooms" | "members" | undefined;

export function Workspace({ onSignOut }: { onSignOut(): void }) {
  const { rooms, notices } = useServices();
  const active = useStore(rooms.state, (state) =>
    state.active === undefined ? undefined : state.open.get(state.active),
  );
  const [drawer, setDrawer] = useState<Drawer>();
  const [creating, setCreating] = useState(false);

  const roomsSide = useRef<HTMLElement>(null);
  const membersSide = useRef<HTMLElement>(null);

  useTitle();
  useEffect(() => {
    // The keyboard goes where the eye goes.
    if (drawer !== undefined) (drawer === "rooms" ? roomsSide : membersSide).current?.focus();
  }, [drawer]);
  useEffect(() => {
    const close = (event: KeyboardEvent) => event.key === "Escape" && setDrawer(undefined);
    addEventListener("keydown", close);
    return () => removeEventListener("keydown", close);
  }, []);

  return (
    <div class={`workspace${drawer === undefined ? "" : ` drawer-${drawer}`}`}>
      <aside class="sidebar" aria-label="Rooms" ref={roomsSide} tabIndex={-1}>
        <Sidebar onChosen={() => setDrawer(undefined)} onCreate={() => setCreating(true)} onSignOut={onSignOut} />
      </aside>
      <main class="room">
        <ConnectionBanner />
        {active === undefined ? (
          <Welcome onOpenRooms={() => setDrawer("rooms")} onCreate={() => setCreating(true)} />
        ) : (
          <>
            <RoomHead
              room={active}
              onRooms={() => setDrawer("rooms")}
              onMembers={() => setDrawer(drawer === "members" ? undefined : "members")}
            />
            {active.phase === "refused" ? (
              <RoomRefused room={active} />
            ) : (
              <>
                <MessageList key={`list ${active.id}`} roomId={active.id} />
                <TypingLine roomId={active.id} />
                <Composer key={`composer ${active.id}`} roomId={active.id} roomName={active.name} />
              </>
            )}
          </>
        )}
      </main>
      {active !== undefined && active.phase !== "refused" && (
        <aside class="members" aria-label="People" ref={membersSide} tabIndex={-1}>
          <MemberPanel key={active.id} roomId={active.id} />
        </aside>
      )}
      {drawer !== undefined && (
        <button class="scrim" type="button" aria-label="Close" onClick={() => setDrawer(undefined)} />
      )}
      {creating && (
        <CreateRoom
          onClose={() => {
            setCreating(false);
            setDrawer(undefined);
          }}
        />
      )}
      <NoticeList notices={notices} />
    </div>
  );
}

/** The title says where one is and how much is unread, and the address can be shared. */
function useTitle(): void {
  const { rooms } = useServices();
  const state = useStore(rooms.state, (state) => state);
  const active = state.active === undefined ? undefined : state.open.get(state.active);
  const unread = [...state.open.values()].reduce((sum, room) => sum + room.unread, 0);
  useEffect(() => {
    const count = unread === 0 ? "" : `(${unread > 99 ? "99+" : unread}) `;
    document.title = `${count}${active === undefined ? "Realtime" : `${active.name} · Realtime`}`;
  }, [active?.name, unread]);
  useEffect(() => {
    const hash = active === undefined ? "" : `#room=${encodeURIComponent(active.id)}`;
    history.replaceState(null, "", `${location.pathname}${location.search}${hash}`);
  }, [active?.id]);
}
