// The right column: who is in the room.
import { useEffect } from "preact/hooks";
import { useStore } from "../core/store.ts";
import { mayModerate } from "../moderation/authority.ts";
import { Icon } from "../shell/icons.tsx";
import { useServices } from "../shell/services.ts";
import { useRequest } from "../shell/use-request.ts";
import { MemberRow } from "./member-row.tsx";
import { hasUnknownRoles, NOBODY, sorted } from "./members.ts";

/** Rooms up to this size are looked up again for the roles of who came in; each member's page does so. */
const LOOKED_UP_MAX = 50;
const LOOK_UP_AFTER_MS = 2_000;

export function MemberPanel({ roomId }: { roomId: string }) {
  const { presence, standing, overlays, me } = useServices();
  const members = useStore(presence.rooms, (rooms) => rooms.get(roomId) ?? NOBODY);
  const moderates = useStore(standing.levels, (all) => mayModerate(all.get(roomId) ?? 0));
  const { busy, problem, send } = useRequest();
  const hidden = members.count - members.list.size;

  const lacksRoles = members.count <= LOOKED_UP_MAX && hasUnknownRoles(members);
  useEffect(() => {
    if (!lacksRoles) return;
    // Not all members' pages at the same moment.
    const timer = setTimeout(() => void presence.refresh(roomId), LOOK_UP_AFTER_MS * (1 + Math.random()));
    return () => clearTimeout(timer);
  }, [lacksRoles, roomId]);

  return (
    <>
      <div class="section-head">
        <h2 id="members-heading">
          In this room{" "}
          <span class="quiet" data-testid="member-total">
            {members.count}
          </span>
        </h2>
        {moderates && (
          <button
            class="icon-button"
            type="button"
            title="Invite somebody"
            aria-label="Invite somebody"
            data-testid="invite"
            onClick={() => overlays.open({ kind: "invite", roomId })}
          >
            <Icon name="invite" />
          </button>
        )}
      </div>
      <ul class="member-list" data-testid="member-list" aria-labelledby="members-heading">
        {sorted(members, me.id).map((member) => (
          <MemberRow key={member.id} roomId={roomId} member={member} />
        ))}
      </ul>
      {hidden > 0 && (
        <button
          class="button plain wide"
          type="button"
          disabled={busy}
          onClick={() => void send(() => presence.more(roomId))}
          data-testid="load-more-members"
        >
          {busy ? "Loading…" : `Show more (${hidden})`}
        </button>
      )}
      {problem !== undefined && (
        <p class="field-problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
