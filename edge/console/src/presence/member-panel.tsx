// The right column: who is in the room.
import { useState } from "preact/hooks";
import { Refusal, sentence } from "../core/refusal.ts";
import { useStore } from "../core/store.ts";
import { Avatar } from "../shell/avatar.tsx";
import { useServices } from "../shell/services.ts";
import { NOBODY, sorted } from "./members.ts";

export function MemberPanel({ roomId }: { roomId: string }) {
  const { presence, me } = useServices();
  const members = useStore(presence.rooms, (rooms) => rooms.get(roomId) ?? NOBODY);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const hidden = members.count - members.list.size;

  const more = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      await presence.more(roomId);
    } catch (cause) {
      setProblem(sentence(Refusal.from(cause)));
    } finally {
      setBusy(false);
    }
  };

  return (
    <>
      <div class="section-head">
        <h2 id="members-heading">
          In this room{" "}
          <span class="quiet" data-testid="member-total">
            {members.count}
          </span>
        </h2>
      </div>
      <ul class="member-list" data-testid="member-list" aria-labelledby="members-heading">
        {sorted(members, me.id).map((member) => (
          <li key={member.id} class="member" data-testid="member" data-user-id={member.id}>
            <span
              class={`presence ${member.status === "idle" ? "idle" : member.status === "busy" ? "busy" : "online"}`}
            >
              <Avatar user={member} />
            </span>
            <span class="member-name" title={member.id}>
              {member.name}
            </span>
            {member.id === me.id && <span class="tag">you</span>}
            {(member.roomRole === "owner" || member.roomRole === "moderator") && (
              <span class="tag">{member.roomRole}</span>
            )}
          </li>
        ))}
      </ul>
      {hidden > 0 && (
        <button class="button plain wide" type="button" disabled={busy} onClick={more} data-testid="load-more-members">
          {busy ? "Loading…" : `Show more (${hidden})`}
        </button>
      )}
      {problem !== undefined && <p class="field-problem">{problem}</p>}
    </>
  );
}
