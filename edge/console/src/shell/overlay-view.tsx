// The one dialog that is open, if any.
import { useStore } from "../core/store.ts";
import { RenewDialog } from "../identity/renew-dialog.tsx";
import { ModerationPanel } from "../moderation/moderation-panel.tsx";
import { UserActionDialog } from "../moderation/user-action-dialog.tsx";
import { NotificationList } from "../notifications/notification-list.tsx";
import { CreateRoom } from "../rooms/create-room.tsx";
import { InviteDialog } from "../rooms/invite-dialog.tsx";
import { RoomBrowser } from "../rooms/room-browser.tsx";
import { RoomSettings } from "../rooms/room-settings.tsx";
import type { Overlay } from "./overlays.ts";
import { useServices } from "./services.ts";

/** `onRoom`: a dialog led into a room. */
export function OverlayView({ onRoom }: { onRoom(): void }) {
  const { overlays } = useServices();
  const overlay = useStore(overlays.state, (state) => state);
  if (overlay === undefined) return null;
  return <Shown key={JSON.stringify(overlay)} overlay={overlay} onRoom={onRoom} />;
}

function Shown({ overlay, onRoom }: { overlay: Overlay; onRoom(): void }) {
  const { overlays } = useServices();
  // A dialog that was replaced closes after the other one has opened.
  const close = () => overlays.closeIf(overlay);
  const leave = () => {
    close();
    onRoom();
  };
  switch (overlay.kind) {
    case "create":
      return <CreateRoom onClose={leave} />;
    case "browse":
      return <RoomBrowser onClose={leave} onCreate={() => overlays.open({ kind: "create" })} />;
    case "notifications":
      return <NotificationList onClose={close} onFollowed={leave} />;
    case "renew":
      return <RenewDialog onClose={close} />;
    case "settings":
      return <RoomSettings roomId={overlay.roomId} onClose={close} />;
    case "invite":
      return <InviteDialog roomId={overlay.roomId} onClose={close} />;
    case "moderation":
      return <ModerationPanel roomId={overlay.roomId} onClose={close} />;
    case "user-action":
      return (
        <UserActionDialog roomId={overlay.roomId} user={overlay.user} action={overlay.action} onClose={close} />
      );
  }
}
