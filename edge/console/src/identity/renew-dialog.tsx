// Signing in again without leaving the page: rooms, talk and what was typed stay.
import { useState } from "preact/hooks";
import { Refusal, signInSentence } from "../core/refusal.ts";
import { Dialog } from "../shell/dialog.tsx";
import { useServices } from "../shell/services.ts";
import { TokenField } from "./token-field.tsx";

export function RenewDialog({ onClose }: { onClose(): void }) {
  const { renewal, notices } = useServices();
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();

  const renew = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      await renewal.take(text);
      notices.add("You are signed in again.");
      onClose();
    } catch (cause) {
      const words = cause instanceof Error ? cause.message : String(cause);
      setProblem(cause instanceof Refusal ? signInSentence("invalid-token", words) : words);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Dialog heading="Sign in again" testId="renew-dialog" onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void renew();
        }}
      >
        <p class="quiet">Bring a new token of yours. Your rooms and what you have typed stay as they are.</p>
        <TokenField text={text} onText={setText} />
        <p class="field-problem" role="alert" data-testid="renew-problem">
          {problem}
        </p>
        <div class="dialog-buttons">
          <button class="button plain" type="button" onClick={onClose}>
            Later
          </button>
          <button
            class="button primary"
            type="submit"
            disabled={busy || text.trim() === ""}
            data-testid="renew-confirm"
          >
            {busy ? "Signing in…" : "Sign in"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
