// The dialog in which a new room gets its name and says who may come in.
import { useEffect, useRef, useState } from "preact/hooks";
import { isUserId } from "../core/contract.ts";
import { randomId } from "../core/random-id.ts";
import { Refusal, sentence } from "../core/refusal.ts";
import { useServices } from "../shell/services.ts";

const NAME_CHARACTERS_MAX = 100;

export function CreateRoom({ onClose }: { onClose(): void }) {
  const { rooms } = useServices();
  const dialog = useRef<HTMLDialogElement>(null);
  const [requestId, setRequestId] = useState(randomId);
  const [name, setName] = useState("");
  const [isPrivate, setIsPrivate] = useState(false);
  const [invited, setInvited] = useState("");
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  useEffect(() => dialog.current?.showModal(), []);

  const create = async () => {
    const people = invited.split(/[\s,;]+/).filter((id) => id !== "");
    const wrong = people.find((id) => !isUserId(id));
    if (isPrivate && wrong !== undefined) return setProblem(`“${wrong}” is not a user id.`);
    setBusy(true);
    try {
      await rooms.create({ name: name.trim(), isPrivate, invited: isPrivate ? people : [] }, requestId);
      onClose();
    } catch (cause) {
      setProblem(sentence(Refusal.from(cause)));
      setBusy(false);
    }
  };

  /** With other words it is another request. */
  const changed = () => {
    setRequestId(randomId());
    setProblem(undefined);
  };

  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="create-heading" onClose={onClose}>
      <form
        onInput={changed}
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <h2 id="create-heading">New room</h2>
        <label class="field">
          <span>Name</span>
          <input
            data-testid="create-name"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
            placeholder="Graph theory study group"
            maxLength={NAME_CHARACTERS_MAX}
            autofocus
          />
        </label>
        <fieldset class="choices">
          <legend>Who may come in</legend>
          <Choice
            label="Everyone"
            detail="Public: anyone can join."
            checked={!isPrivate}
            onChoose={() => setIsPrivate(false)}
            testId="create-public"
          />
          <Choice
            label="Only people I name"
            detail="Private: others cannot see it."
            checked={isPrivate}
            onChoose={() => setIsPrivate(true)}
            testId="create-private"
          />
        </fieldset>
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
            <small class="quiet">User ids with commas between.</small>
          </label>
        )}
        <p class="field-problem" role="alert">
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
    </dialog>
  );
}

interface ChoiceProps {
  label: string;
  detail: string;
  checked: boolean;
  testId: string;
  onChoose(): void;
}

function Choice({ label, detail, checked, testId, onChoose }: ChoiceProps) {
  return (
    <label class="choice">
      <input type="radio" name="access" checked={checked} onChange={onChoose} data-testid={testId} />
      <span>
        <strong>{label}</strong>
        <small class="quiet">{detail}</small>
      </span>
    </label>
  );
}
