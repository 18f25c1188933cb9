// What stands above the field of a composer: what is being answered, and why one cannot write now.
import type { Message } from "../core/contract.ts";
import { useStore } from "../core/store.ts";
import { sanctionOf } from "../moderation/sanctions.ts";
import { Icon } from "../shell/icons.tsx";
import { useServices } from "../shell/services.ts";
import { untilWords } from "../shell/time.ts";
import { excerpt } from "./excerpt.ts";

export function Answering({ message, onDrop }: { message: Message; onDrop(): void }) {
  return (
    <div class="answering" data-testid="answering" data-message-id={message.id}>
      <Icon name="reply" />
      <span class="answering-words">
        Answering <strong>{message.sender.name}</strong> <span class="quiet">{excerpt(message)}</span>
      </span>
      <button
        class="icon-button"
        type="button"
        title="Do not answer it (Escape)"
        aria-label="Do not answer it"
        data-testid="drop-answer"
        onClick={onDrop}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

/** A mute that this page was told of. */
export function MutedNote({ roomId }: { roomId: string }) {
  const { moderation, me } = useServices();
  const sanctions = useStore(moderation.sanctions, (all) => all.get(roomId));
  const now = Date.now();
  const mute = sanctions === undefined ? undefined : sanctionOf(sanctions, "mute", me.id, now);
  if (mute === undefined) return null;
  return (
    <p class="composer-note" role="status" data-testid="muted-note">
      You are muted in this room {untilWords(mute.until, now)}
      {mute.reason === undefined || mute.reason === "" ? "" : `: ${mute.reason}`}
    </p>
  );
}

/** In place of the composer, for those who may only read. */
export function ReadOnlyNote() {
  return (
    <p class="composer read-only quiet" data-testid="read-only">
      You may read here, but not write.
    </p>
  );
}
