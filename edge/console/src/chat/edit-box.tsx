// A message while its author changes it: Enter saves, Escape leaves it as it was.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Message } from "../core/contract.ts";
import { Refusal } from "../core/refusal.ts";
import { useServices } from "../shell/services.ts";
import { charactersLeft, COUNTER_SHOWN_AT, draftFrom } from "./draft.ts";
import { chatSentence } from "./refusals.ts";
import { fitHeight } from "./text-field.ts";

export function EditBox({ message, onEnd }: { message: Message; onEnd(): void }) {
  const { chat } = useServices();
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(message.content);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const isCode = message.kind === "code";
  const left = charactersLeft(text);
  const content = isCode ? draftFrom(text, true, "")?.content : text.trim();
  const maySave = content !== undefined && content !== "" && left >= 0 && !busy;

  useLayoutEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.focus();
    element.setSelectionRange(element.value.length, element.value.length);
  }, []);
  useLayoutEffect(() => fitHeight(field.current), [text]);

  const save = async () => {
    if (!maySave) return;
    if (content === message.content) return onEnd();
    setBusy(true);
    setProblem(undefined);
    try {
      await chat.actions.edit(message.roomId, message.id, content);
      onEnd();
    } catch (cause) {
      setProblem(chatSentence("edit", Refusal.from(cause)));
      setBusy(false);
    }
  };

  return (
    <form
      class={`edit-box${isCode ? " as-code" : ""}`}
      data-testid="edit-box"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <textarea
        ref={field}
        aria-label="Edit the message"
        rows={1}
        value={text}
        spellcheck={!isCode}
        data-testid="edit-text"
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Escape") return onEnd();
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          void save();
        }}
      />
      <div class="edit-buttons">
        <button class="button primary small" type="submit" disabled={!maySave} data-testid="edit-save">
          {busy ? "Saving…" : "Save"}
        </button>
        <button class="button small" type="button" data-testid="edit-cancel" onClick={onEnd}>
          Cancel
        </button>
        {left <= COUNTER_SHOWN_AT && (
          <span class={left < 0 ? "counter over" : "counter"}>{left < 0 ? `${-left} too many` : `${left} left`}</span>
        )}
        <span class="field-problem" role="alert" data-testid="edit-problem">
          {problem}
        </span>
      </div>
    </form>
  );
}
