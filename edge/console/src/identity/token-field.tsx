// Where a token is pasted.

interface Props {
  text: string;
  onText(text: string): void;
}

export function TokenField({ text, onText }: Props) {
  return (
    <label class="field">
      <span>Token</span>
      <textarea
        data-testid="token-input"
        class="monospace"
        value={text}
        onInput={(event) => onText(event.currentTarget.value)}
        placeholder="eyJhbGciOi…"
        rows={4}
        spellcheck={false}
        autocomplete="off"
        autofocus
      />
      <small class="quiet">
        From <code>realtime token --user ann</code>, or from your platform.
      </small>
    </label>
  );
}
