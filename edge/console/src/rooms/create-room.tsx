// The dialog in which a new room gets its name and type and says who may come in.
import { useState } from "preact/hooks";
import { isUserId, ROOM_MEMBERS_MAX, ROOM_NAME_CHARACTERS_MAX, type RoomType } from "../core/contract.ts";
import type { Refusal } from "../core/refusal.ts";
import { typesToCreate } from "../moderation/authority.ts";
import { Dialog } from "../shell/dialog.tsx";
import { useServices } from "../shell/services.ts";
import { useRequest } from "../shell/use-request.ts";
import { PRIVATE_BY_DEFAULT, readLimit, TYPE_WORDS } from "./room-types.ts";
import { VisibilityChoice } from "./visibility-choice.tsx";

export function CreateRoom({ onClose }: { onClose(): void }) {
  const { administration, notices, roles } = useServices();
  const [name, setName] = useState("");
  const [type, setType] = useState<RoomType>("discussion");
  const [isPrivate, setIsPrivate] = useState(false);
  const [invited, setInvited] = useState("");
  const [limit, setLimit] = useState("");
  const { busy, problem, setProblem, send, changed } = useRequest(refusedWords);

  const create = () => {
    const people = [...new Set(invited.split(/[\s,;]+/))].filter((id) => id !== "");
    const wrong = people.find((id) => !isUserId(id));
    const size = readLimit(limit, ROOM_MEMBERS_MAX);
    if (isPrivate && wrong !== undefined) return setProblem(`“${wrong}” is not a user id.`);
    if (size === undefined) return setProblem("The limit is a whole number, or nothing.");
    const wanted = { type, name: name.trim(), isPrivate, invited: isPrivate ? people : [], ...size };
    void send(async (requestId) => {
      const uninvited = await administration.create(wanted, requestId);
      if (uninvited.length > 0) notices.add(`Not invited: ${uninvited.join(", ")}. Please invite them from the room.`);
      onClose();
    });
  };

  return (
    <Dialog heading="New room" testId="create-dialog" onClose={onClose}>
      <form
        class="form"
        onInput={changed}
        onSubmit={(event) => {
          event.preventDefault();
          create();
        }}
      >
        <label class="field">
          <span>Name</span>
          <input
            data-testid="create-name"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
            placeholder="Graph theory study group"
            maxLength={ROOM_NAME_CHARACTERS_MAX}
            autofocus
          />
        </label>
        <div class="field-pair">
          <label class="field">
            <span>Type</span>
            <select
              data-testid="create-type"
              value={type}
              onChange={({ currentTarget }) => {
                const chosen = typesToCreate(roles).find((known) => known === currentTarget.value) ?? "discussion";
                setType(chosen);
                setIsPrivate(PRIVATE_BY_DEFAULT.includes(chosen));
              }}
            >
              {typesToCreate(roles).map((known) => (
                <option key={known} value={known}>
                  {TYPE_WORDS[known]}
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            <span>People at most</span>
            <input
              data-testid="create-limit"
              inputMode="numeric"
              value={limit}
              placeholder="no limit"
              onInput={(event) => setLimit(event.currentTarget.value)}
            />
          </label>
        </div>
        <VisibilityChoice isPrivate={isPrivate} onPrivate={setIsPrivate} testId="create" />
        {isPrivate && (
          <label class="field">
            <span>People</span>
            <input
              data-testid="create-people"
              value={invited}
              onInput={(event) => setInvited(event.currentTarget.value)}
              placeholder="bob, carol"
              autocapitalize="none"
              spellcheck={false}
            />
            <small class="quiet">User ids with commas between. You can invite more later.</small>
          </label>
        )}
        <p class="field-problem" role="alert" data-testid="create-problem">
          {problem}
        </p>
        <div class="dialog-buttons">
          <button class="button plain" type="button" onClick={onClose}>
            Cancel
          </button>
          <button class="button primary" type="submit" disabled={busy || name.trim() === ""} data-testid="create">
            {busy ? "Creating…" : "Create room"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function refusedWords({ code }: Refusal): string | undefined {
  if (code === "conflict") return "You own as many rooms as one person may, or this one is there already.";
  if (code === "forbidden") return "You may not create a room of this type.";
  return undefined;
}
