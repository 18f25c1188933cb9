// Asks somebody into the room, in a role.
import { useState } from "preact/hooks";
import { isUserId, type RoomRole } from "../core/contract.ts";
import type { Refusal } from "../core/refusal.ts";
import { useStore } from "../core/store.ts";
import { rolesToGrant } from "../moderation/authority.ts";
import { Dialog } from "../shell/dialog.tsx";
import { useServices } from "../shell/services.ts";
import { useRequest } from "../shell/use-request.ts";

const ROLE_WORDS: Record<RoomRole, string> = {
  owner: "Owner",
  moderator: "Moderator: keeps order, too",
  member: "Member: reads and writes",
  viewer: "Viewer: reads along",
};

export function InviteDialog({ roomId, onClose }: { roomId: string; onClose(): void }) {
  const { administration, standing, notices } = useServices();
  const level = useStore(standing.levels, (all) => all.get(roomId) ?? 0);
  const roles = rolesToGrant(level);
  const [text, setText] = useState("");
  const [role, setRole] = useState<RoomRole>("member");
  const { busy, problem, send, changed } = useRequest(refusedWords);
  const userId = text.trim();
  const fits = userId === "" || isUserId(userId);

  const invite = async (requestId: string) => {
    await administration.invite(roomId, userId, role, requestId);
    notices.add(`${userId} is invited.`);
    onClose();
  };

  return (
    <Dialog heading="Invite somebody" testId="invite-dialog" onClose={onClose}>
      <form
        class="form"
        onInput={changed}
        onSubmit={(event) => {
          event.preventDefault();
          if (userId !== "" && fits) void send(invite);
        }}
      >
        <label class="field">
          <span>User id</span>
          <input
            data-testid="invite-user"
            value={text}
            aria-invalid={!fits}
            onInput={(event) => setText(event.currentTarget.value)}
            placeholder="bob"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            maxLength={128}
            autofocus
          />
        </label>
        <label class="field">
          <span>As</span>
          <select
            data-testid="invite-role"
            value={role}
            onChange={({ currentTarget }) => setRole(roles.find((one) => one === currentTarget.value) ?? "member")}
          >
            {roles.map((one) => (
              <option key={one} value={one}>
                {ROLE_WORDS[one]}
              </option>
            ))}
          </select>
        </label>
        <p class="field-problem" role="alert" data-testid="invite-problem">
          {fits ? problem : "Letters a to z, digits and . _ : @ | + = / - only."}
        </p>
        <div class="dialog-buttons">
          <button class="button plain" type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            class="button primary"
            type="submit"
            disabled={busy || userId === "" || !fits}
            data-testid="invite-confirm"
          >
            {busy ? "Inviting…" : "Invite"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function refusedWords({ code }: Refusal): string | undefined {
  if (code === "rate-limited") return "That was a lot of invitations. Please wait a minute.";
  if (code === "banned") return "This person is banned from the room. Lift the ban first.";
  if (code === "conflict") return "This person cannot be invited like that, or the list is full.";
  return undefined;
}
