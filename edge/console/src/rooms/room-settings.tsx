// The dialog about a room: what it is called and who may come in, how fast people may write, and its end.
// Each part is saved by itself, because each is for other people to change.
import { useState } from "preact/hooks";
import { ROOM_MEMBERS_MAX, ROOM_NAME_CHARACTERS_MAX } from "../core/contract.ts";
import { useStore } from "../core/store.ts";
import { mayManage, mayModerate } from "../moderation/authority.ts";
import { Dialog } from "../shell/dialog.tsx";
import { useServices } from "../shell/services.ts";
import { useRequest } from "../shell/use-request.ts";
import type { RoomChange } from "./administration.ts";
import { CloseRoom } from "./close-room.tsx";
import type { OpenRoom } from "./open-room.ts";
import { readLimit } from "./room-types.ts";
import { SlowMode } from "./slow-mode.tsx";
import { VisibilityChoice } from "./visibility-choice.tsx";

export function RoomSettings({ roomId, onClose }: { roomId: string; onClose(): void }) {
  const { rooms, standing } = useServices();
  const room = useStore(rooms.state, ({ open }) => open.get(roomId));
  const level = useStore(standing.levels, (all) => all.get(roomId) ?? 0);
  if (room === undefined) return null;
  return (
    <Dialog heading="Room settings" testId="room-settings" onClose={onClose}>
      {mayManage(level) && <Identity room={room} />}
      {mayModerate(level) && <SlowMode roomId={roomId} slowModeMs={room.room?.slowModeMs ?? 0} />}
      {mayManage(level) && <CloseRoom roomId={roomId} name={room.name} onClosed={onClose} />}
    </Dialog>
  );
}

function Identity({ room }: { room: OpenRoom }) {
  const { administration, notices } = useServices();
  const limitNow = room.room?.maxMembers;
  const [name, setName] = useState(room.name);
  const [isPrivate, setIsPrivate] = useState(room.isPrivate);
  const [limit, setLimit] = useState(limitNow === undefined ? "" : String(limitNow));
  const { busy, problem, setProblem, send, changed } = useRequest();

  const size = readLimit(limit, ROOM_MEMBERS_MAX);
  const change: RoomChange = {
    ...(name.trim() === room.name ? {} : { name: name.trim() }),
    ...(isPrivate === room.isPrivate ? {} : { visibility: isPrivate ? ("private" as const) : ("public" as const) }),
    // A limit cannot be taken away; the largest one means the same.
    ...(size?.maxMembers === limitNow ? {} : { maxMembers: size?.maxMembers ?? ROOM_MEMBERS_MAX }),
  };
  const isChanged = Object.keys(change).length > 0;

  const save = () => {
    if (size === undefined) return setProblem("The limit is a whole number, or nothing.");
    void send(async (requestId) => {
      await administration.update(room.id, change, requestId);
      notices.add("Saved.");
    });
  };

  return (
    <form
      class="form"
      onInput={changed}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <label class="field">
        <span>Name</span>
        <input
          data-testid="settings-name"
          value={name}
          maxLength={ROOM_NAME_CHARACTERS_MAX}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <VisibilityChoice isPrivate={isPrivate} onPrivate={setIsPrivate} testId="settings" />
      <label class="field">
        <span>People at most</span>
        <input
          data-testid="settings-limit"
          inputMode="numeric"
          value={limit}
          placeholder="no limit"
          onInput={(event) => setLimit(event.currentTarget.value)}
        />
      </label>
      {problem !== undefined && (
        <p class="field-problem" role="alert" data-testid="settings-problem">
          {problem}
        </p>
      )}
      <div class="dialog-buttons">
        <button
          class="button primary"
          type="submit"
          disabled={busy || !isChanged || name.trim() === ""}
          data-testid="settings-save"
        >
          {busy ? "Saving…" : "Save"}
        </button>
      </div>
    </form>
  );
}
