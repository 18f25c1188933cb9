// Asks once more before somebody is muted, banned or removed: for how long, and why.
import { useState } from "preact/hooks";
import { NOTE_CHARACTERS_MAX, type User } from "../core/contract.ts";
import type { Refusal } from "../core/refusal.ts";
import { Dialog } from "../shell/dialog.tsx";
import { useServices } from "../shell/services.ts";
import { useRequest } from "../shell/use-request.ts";
import { DURATION_PROPOSED_MS, DurationField } from "./duration-field.tsx";
import type { UserAction } from "./moderation.ts";

interface Words {
  heading(name: string): string;
  effect: string;
  button: string;
  done(name: string): string;
}

const WORDS: Record<UserAction, Words> = {
  "mute-user": {
    heading: (name) => `Mute ${name}?`,
    effect: "Who is muted reads along, but cannot write, type or react.",
    button: "Mute",
    done: (name) => `${name} is muted.`,
  },
  "unmute-user": {
    heading: (name) => `Unmute ${name}?`,
    effect: "They may write again at once.",
    button: "Unmute",
    done: (name) => `${name} may write again.`,
  },
  "ban-user": {
    heading: (name) => `Ban ${name}?`,
    effect: "Who is banned leaves the room now and cannot come back while the ban holds.",
    button: "Ban",
    done: (name) => `${name} is banned.`,
  },
  "unban-user": {
    heading: (name) => `Lift the ban of ${name}?`,
    effect: "They may enter the room again.",
    button: "Lift the ban",
    done: (name) => `${name} may come back.`,
  },
  "remove-member": {
    heading: (name) => `Remove ${name}?`,
    effect: "They leave the room now. If it is open to them, they may come back.",
    button: "Remove",
    done: (name) => `${name} was removed.`,
  },
};

interface Props {
  roomId: string;
  user: User;
  action: UserAction;
  onClose(): void;
}

export function UserActionDialog({ roomId, user, action, onClose }: Props) {
  const { moderation, notices } = useServices();
  const [durationMs, setDurationMs] = useState<number | undefined>(DURATION_PROPOSED_MS);
  const [reason, setReason] = useState("");
  const { busy, problem, send, changed } = useRequest(refusedWords);
  const words = WORDS[action];
  const lasts = action === "mute-user" || action === "ban-user";
  const lifts = action === "unmute-user" || action === "unban-user";

  const act = async (requestId: string) => {
    await moderation.act(action, {
      roomId,
      userId: user.id,
      ...(lasts && durationMs !== undefined ? { durationMs } : {}),
      ...(reason.trim() === "" ? {} : { reason: reason.trim() }),
      requestId,
    });
    notices.add(words.done(user.name));
    onClose();
  };

  return (
    <Dialog heading={words.heading(user.name)} testId="user-action" onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void send(act);
        }}
      >
        <p class="quiet">{words.effect}</p>
        {lasts && (
          <DurationField
            testId="action-duration"
            value={durationMs}
            onValue={(value) => {
              setDurationMs(value);
              changed();
            }}
          />
        )}
        {!lifts && (
          <label class="field">
            <span>
              Reason <span class="quiet">(others in the room can read it)</span>
            </span>
            <input
              data-testid="action-reason"
              value={reason}
              maxLength={NOTE_CHARACTERS_MAX}
              onInput={({ currentTarget }) => {
                setReason(currentTarget.value);
                changed();
              }}
            />
          </label>
        )}
        <p class="field-problem" role="alert" data-testid="action-problem">
          {problem}
        </p>
        <div class="dialog-buttons">
          <button class="button plain" type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            class={lifts ? "button primary" : "button danger"}
            type="submit"
            disabled={busy}
            data-testid="action-confirm"
          >
            {words.button}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function refusedWords({ code }: Refusal): string | undefined {
  if (code === "forbidden") return "You cannot do that to somebody of your own rank or above.";
  if (code === "not-found") return "There is no such person in this room.";
  return undefined;
}
