// The mutes and bans that this page knows of, and a field for somebody who is not in the room now.
import { useState } from "preact/hooks";
import { isUserId, type User } from "../core/contract.ts";
import { useStore } from "../core/store.ts";
import { Avatar } from "../shell/avatar.tsx";
import { Menu } from "../shell/menu.tsx";
import { useServices } from "../shell/services.ts";
import { untilWords } from "../shell/time.ts";
import type { UserAction } from "./moderation.ts";
import { inForce, NO_SANCTIONS, type Sanction } from "./sanctions.ts";

export function SanctionList({ roomId }: { roomId: string }) {
  const { moderation, overlays } = useServices();
  const known = useStore(moderation.sanctions, (all) => all.get(roomId) ?? NO_SANCTIONS);
  const list = inForce(known, Date.now());
  const act = (user: User, action: UserAction) => overlays.open({ kind: "user-action", roomId, user, action });
  return (
    <div class="sheet-list" role="tabpanel">
      <ByUserId onAct={act} />
      <h3>Muted and banned</h3>
      <ul data-testid="sanction-list">
        {list.map((sanction) => (
          <SanctionRow key={`${sanction.kind} ${sanction.user.id}`} sanction={sanction} onAct={act} />
        ))}
      </ul>
      {list.length === 0 && <p class="quiet small">Nobody, as far as this page has seen since you came in.</p>}
    </div>
  );
}

interface RowProps {
  sanction: Sanction;
  onAct(user: User, action: UserAction): void;
}

function SanctionRow({ sanction: { kind, user, until, reason }, onAct }: RowProps) {
  const state = kind === "mute" ? "muted" : "banned";
  return (
    <li class="list-row" data-testid="sanction" data-user-id={user.id} data-kind={kind}>
      <Avatar user={user} />
      <span class="list-words">
        <strong>{user.name}</strong>
        <small class="quiet">
          {state} {untilWords(until, Date.now()) || "until it is lifted"}
          {reason !== undefined && reason !== "" && `: ${reason}`}
        </small>
      </span>
      <button
        class="button small"
        type="button"
        data-testid="lift-sanction"
        onClick={() => onAct(user, kind === "mute" ? "unmute-user" : "unban-user")}
      >
        Lift
      </button>
    </li>
  );
}

const ACTIONS: [UserAction, string][] = [
  ["mute-user", "Mute…"],
  ["unmute-user", "Unmute…"],
  ["ban-user", "Ban…"],
  ["unban-user", "Lift a ban…"],
  ["remove-member", "Remove from room…"],
];

function ByUserId({ onAct }: { onAct(user: User, action: UserAction): void }) {
  const [text, setText] = useState("");
  const userId = text.trim();
  const user = { id: userId, name: userId };
  const items = ACTIONS.map(([action, label]) => ({
    label,
    testId: `by-id-${action}`,
    danger: action === "ban-user" || action === "remove-member",
    onChoose: () => onAct(user, action),
  }));
  return (
    <div class="join-row by-id">
      <input
        aria-label="User id"
        placeholder="User id of somebody who is away"
        data-testid="by-id-input"
        value={text}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      {isUserId(userId) && (
        <Menu label={`Actions for ${userId}`} testId="by-id-actions" class="button" items={items}>
          Act…
        </Menu>
      )}
    </div>
  );
}
