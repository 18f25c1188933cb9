// The title says where one is and how much is unread, and the address can be shared.
import { useEffect } from "preact/hooks";
import { useStore } from "../core/store.ts";
import { unreadWords } from "../rooms/my-rooms.ts";
import { totalUnread } from "../rooms/open-room.ts";
import { useServices } from "./services.ts";

export function useTitle(): void {
  const { rooms, notifications } = useServices();
  const state = useStore(rooms.state, (state) => state);
  const notified = useStore(notifications.inbox, (inbox) => inbox.unread);
  const active = state.active === undefined ? undefined : state.open.get(state.active);
  const unread = totalUnread(state) + notified;
  useEffect(() => {
    const count = unread === 0 ? "" : `(${unreadWords(unread)}) `;
    document.title = `${count}${active === undefined ? "Realtime" : `${active.name} · Realtime`}`;
  }, [active?.name, unread]);
  useEffect(() => {
    const hash = active === undefined ? "" : `#room=${encodeURIComponent(active.id)}`;
    history.replaceState(null, "", `${location.pathname}${location.search}${hash}`);
  }, [active?.id]);
}
