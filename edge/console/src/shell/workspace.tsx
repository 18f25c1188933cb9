// The signed-in page: rooms on the left, the talk in the middle, the people on the right. On narrow screens
// the sides are drawers.
import { useEffect, useRef, useState } from "preact/hooks";
import { Talk } from "../chat/talk.tsx";
import { useStore } from "../core/store.ts";
import { ExpiryBanner } from "../identity/expiry-banner.tsx";
import { MemberPanel } from "../presence/member-panel.tsx";
import { RoomHead } from "../rooms/room-head.tsx";
import { RoomRefused, Welcome } from "../rooms/room-states.tsx";
import { Sidebar } from "../rooms/sidebar.tsx";
import { ConnectionBanner } from "./connection-banner.tsx";
import { NoticeList } from "./notices.tsx";
import { OverlayView } from "./overlay-view.tsx";
import { useServices } from "./services.ts";
import { useTitle } from "./use-title.ts";

type Drawer = "rooms" | "members" | undefined;

export function Workspace({ onSignOut }: { onSignOut(): void }) {
  const { rooms, notices } = useServices();
  const active = useStore(rooms.state, (state) =>
    state.active === undefined ? undefined : state.open.get(state.active),
  );
  const [drawer, setDrawer] = useState<Drawer>();

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
        <Sidebar onChosen={() => setDrawer(undefined)} onSignOut={onSignOut} />
      </aside>
      <main class="room">
        <ConnectionBanner />
        <ExpiryBanner />
        {active === undefined ? (
          <Welcome onOpenRooms={() => setDrawer("rooms")} />
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
              <Talk roomId={active.id} roomName={active.name} />
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
      <OverlayView onRoom={() => setDrawer(undefined)} />
      <NoticeList notices={notices} />
    </div>
  );
}
