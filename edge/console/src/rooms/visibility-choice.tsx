// Who may come in: everyone, or who is named.

interface Props {
  isPrivate: boolean;
  onPrivate(isPrivate: boolean): void;
  /** The hooks of the two choices begin with this. */
  testId: string;
}

export function VisibilityChoice({ isPrivate, onPrivate, testId }: Props) {
  return (
    <fieldset class="choices">
      <legend>Who may come in</legend>
      <Choice
        label="Everyone"
        detail="Public: anyone can find it and join."
        checked={!isPrivate}
        onChoose={() => onPrivate(false)}
        testId={`${testId}-public`}
      />
      <Choice
        label="Only people I name"
        detail="Private: others cannot see it."
        checked={isPrivate}
        onChoose={() => onPrivate(true)}
        testId={`${testId}-private`}
      />
    </fieldset>
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
