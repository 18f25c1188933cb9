// One person in the list of members: status, role, and for who moderates what can be done.
import type { Present } from "../core/contract.ts";
import { useStore } from "../core/store.ts";
import { mayActOn } from "../moderation/authority.ts";
import type { UserAction } from "../moderation/moderation.ts";
import { NO_SANCTIONS, sanctionOf } from "../moderation/sanctions.ts";
import { Avatar } from "../shell/avatar.tsx";
import { Icon } from "../shell/icons.tsx";
import { Menu, type MenuItem } from "../shell/menu.tsx";
import { useServices } from "../shell/services.ts";
import { untilWords } from "../shell/time.ts";
import { STATUS_CLASS, STATUS_WORDS } from "./status-words.ts";

const ROLE_WORDS: Partial<Record<NonNullable<Present["roomRole"]>, string>> = {
  owner: "owner",
  moderator: "moderator",
  viewer: "reads along",
};

export function MemberRow({ roomId, member }: { roomId: string; member: Present }) {
  const { me, standing, moderation, ownStatus } = useServices();
  const level = useStore(standing.levels, (all) => all.get(roomId) ?? 0);
  const known = useStore(moderation.sanctions, (all) => all.get(roomId) ?? NO_SANCTIONS);
  const mute = sanctionOf(known, "mute", member.id, Date.now());
  const role = ROLE_WORDS[member.roomRole ?? "member"];
  const isMe = member.id === me.id;
  // The server tells others of a change, not the window that made it.
  const status = useStore(ownStatus.shown, (own) => (isMe ? own : (member.status ?? "active")));
  return (
    <li class="member" data-testid="member" data-user-id={member.id} data-status={status} data-role={member.roomRole}>
      <span class={`presence ${STATUS_CLASS[status]}`} title={STATUS_WORDS[status]}>
        <Avatar user={member} />
        <span class="visually-hidden">{STATUS_WORDS[status]}: </span>
      </span>
      <span class="member-words">
        <span class="member-name" title={member.id}>
          {member.name}
        </span>
        {role !== undefined && (
          <small class="member-role" data-testid="member-role">
            {role}
          </small>
        )}
        {mute !== undefined && (
          <small class="member-muted" data-testid="member-muted">
            muted {untilWords(mute.until, Date.now())}
          </small>
        )}
      </span>
      {isMe && <span class="tag">you</span>}
      {!isMe && mayActOn(level, member.roomRole) && (
        <MemberMenu roomId={roomId} member={member} isMuted={mute !== undefined} />
      )}
    </li>
  );
}

function MemberMenu({ roomId, member, isMuted }: { roomId: string; member: Present; isMuted: boolean }) {
  const { overlays } = useServices();
  const item = (label: string, action: UserAction, danger = false): MenuItem => ({
    label,
    testId: `member-${action.split("-")[0]}`,
    danger,
    onChoose: () => overlays.open({ kind: "user-action", roomId, user: member, action }),
  });
  const items = [
    isMuted ? item("Unmute", "unmute-user") : item("Mute…", "mute-user"),
    item("Remove from room…", "remove-member", true),
    item("Ban…", "ban-user", true),
  ];
  return (
    <Menu label={`Actions for ${member.name}`} testId="member-actions" items={items}>
      <Icon name="more" />
    </Menu>
  );
}
