// The line under the field: code and its language, how much space or time is left, and the button that sends.
import { Icon } from "../shell/icons.tsx";
import type { ComposerText } from "./desk.ts";
import { COUNTER_SHOWN_AT } from "./draft.ts";
import { LANGUAGES } from "./languages.ts";
import { waitLabel } from "./pace.ts";

interface Props {
  typed: ComposerText;
  helpId: string;
  charactersLeft: number;
  /** Seconds until one may write again. */
  wait: number;
  isSlow: boolean;
  maySend: boolean;
  onChange(typed: ComposerText): void;
}

export function ComposerTools({ typed, helpId, charactersLeft: left, wait, isSlow, maySend, onChange }: Props) {
  return (
    <div class="composer-tools">
      <button
        class="icon-button toggle"
        type="button"
        aria-pressed={typed.asCode}
        title="Send as code"
        aria-label="Send as code"
        data-testid="code-toggle"
        onClick={() => onChange({ ...typed, asCode: !typed.asCode })}
      >
        <Icon name="code" />
      </button>
      {typed.asCode && (
        <select
          class="language"
          aria-label="Language"
          data-testid="language"
          value={typed.language}
          onChange={(event) => onChange({ ...typed, language: event.currentTarget.value })}
        >
          <option value="">Language</option>
          {[...LANGUAGES].map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      )}
      <span class="composer-help quiet small" id={helpId}>
        <kbd>Enter</kbd> sends, <kbd>Shift</kbd>+<kbd>Enter</kbd> makes a new line
      </span>
      {wait > 0 && (
        <span class="send-wait" role="timer" data-testid="send-wait" data-seconds={wait}>
          {isSlow ? "Slow mode: " : "Too fast: "}
          {waitLabel(wait)}
        </span>
      )}
      {left <= COUNTER_SHOWN_AT && (
        <span class={left < 0 ? "counter over" : "counter"} role="status" data-testid="counter">
          {left < 0 ? `${-left} too many` : `${left} left`}
        </span>
      )}
      <button
        class="icon-button send"
        type="submit"
        aria-label={wait > 0 ? `Send, possible in ${waitLabel(wait)}` : "Send"}
        title="Send"
        disabled={!maySend}
        data-testid="send"
      >
        <Icon name="send" />
      </button>
    </div>
  );
}
