// Opens the queue of a room, and shows how many reports wait in it. Only for who moderates there.
import { useStore } from "../core/store.ts";
import { Icon } from "../shell/icons.tsx";
import { useServices } from "../shell/services.ts";
import { mayModerate } from "./authority.ts";
import { EMPTY_QUEUE, openBadge } from "./queue.ts";

export function ModerationButton({ roomId }: { roomId: string }) {
  const { standing, moderation, overlays } = useServices();
  const moderates = useStore(standing.levels, (all) => mayModerate(all.get(roomId) ?? 0));
  const badge = useStore(moderation.queues, (all) => openBadge(all.get(roomId) ?? EMPTY_QUEUE));
  if (!moderates) return null;
  const label = badge === "" ? "Moderation" : `Moderation: ${badge} open`;
  return (
    <button
      class="icon-button"
      type="button"
      title={label}
      aria-label={label}
      data-testid="open-moderation"
      onClick={() => overlays.open({ kind: "moderation", roomId })}
    >
      <Icon name="shield" />
      {badge !== "" && (
        <span class="button-badge warn" data-testid="reports-open">
          {badge}
        </span>
      )}
    </button>
  );
}
