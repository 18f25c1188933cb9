// Where one writes: Enter sends, Shift+Enter makes a line; a switch for code; a counter when space gets short.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../shell/icons.tsx";
import { useServices } from "../shell/services.ts";
import { type ComposerText, NOTHING_TYPED } from "./chat.ts";
import { charactersLeft, COUNTER_SHOWN_AT, draftFrom } from "./draft.ts";
import { LANGUAGES } from "./languages.ts";

export function Composer({ roomId, roomName }: { roomId: string; roomName: string }) {
  const { chat, typing } = useServices();
  const field = useRef<HTMLTextAreaElement>(null);
  const [typed, setTyped] = useState<ComposerText>(() => chat.typed.get(roomId) ?? NOTHING_TYPED);
  const left = charactersLeft(typed.text);
  const draft = draftFrom(typed.text, typed.asCode, typed.language);
  const maySend = draft !== undefined && left >= 0;

  const change = (next: ComposerText) => {
    setTyped(next);
    chat.typed.set(roomId, next);
  };

  const send = () => {
    if (draft === undefined || !maySend) return;
    chat.send(roomId, draft);
    typing.sent(roomId);
    change({ ...typed, text: "" });
    field.current?.focus();
  };

  // The field grows with its text; the style sheet sets the limit.
  useLayoutEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [typed.text, typed.asCode]);

  useLayoutEffect(() => {
    // On a touch screen the focus would bring up the keyboard unasked.
    if (matchMedia("(pointer: fine)").matches) field.current?.focus();
    return () => typing.stop(roomId);
  }, []);

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class={`composer-box${typed.asCode ? " as-code" : ""}`}>
        <textarea
          ref={field}
          data-testid="composer"
          aria-label={`Message to ${roomName}`}
          aria-describedby="composer-help"
          placeholder={typed.asCode ? "Paste or write code…" : `Message ${roomName}`}
          rows={1}
          value={typed.text}
          spellcheck={!typed.asCode}
          onInput={(event) => {
            change({ ...typed, text: event.currentTarget.value });
            typing.input(roomId, event.currentTarget.value);
          }}
          onBlur={() => typing.stop(roomId)}
          onKeyDown={(event) => {
            // While a composed character is being chosen, Enter belongs to the input method.
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <div class="composer-tools">
          <button
            class="icon-button toggle"
            type="button"
            aria-pressed={typed.asCode}
            title="Send as code"
            aria-label="Send as code"
            data-testid="code-toggle"
            onClick={() => {
              change({ ...typed, asCode: !typed.asCode });
              field.current?.focus();
            }}
          >
            <Icon name="code" />
          </button>
          {typed.asCode && (
            <select
              class="language"
              aria-label="Language"
              data-testid="language"
              value={typed.language}
              onChange={(event) => change({ ...typed, language: event.currentTarget.value })}
            >
              <option value="">Language</option>
              {[...LANGUAGES].map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          )}
          <span class="composer-help quiet small" id="composer-help">
            <kbd>Enter</kbd> sends, <kbd>Shift</kbd>+<kbd>Enter</kbd> makes a new line
          </span>
          {left <= COUNTER_SHOWN_AT && (
            <span class={left < 0 ? "counter over" : "counter"} role="status" data-testid="counter">
              {left < 0 ? `${-left} too many` : `${left} left`}
            </span>
          )}
          <button
            class="icon-button send"
            type="submit"
            aria-label="Send"
            title="Send"
            disabled={!maySend}
            data-testid="send"
          >
            <Icon name="send" />
          </button>
        </div>
      </div>
    </form>
  );
}
