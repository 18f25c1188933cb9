// How long a mute or a ban is to last.
import { durationWords } from "../shell/time.ts";

const MINUTE_MS = 60_000;
const DURATIONS_MS = [10, 60, 24 * 60, 7 * 24 * 60, 30 * 24 * 60].map((minutes) => minutes * MINUTE_MS);
const WITHOUT_END = "";

/** The proposal: long enough to calm down, short enough not to hurt. */
export const DURATION_PROPOSED_MS = 60 * MINUTE_MS;

interface Props {
  /** `undefined` for a sanction without an end. */
  value: number | undefined;
  onValue(durationMs: number | undefined): void;
  testId: string;
}

export function DurationField({ value, onValue, testId }: Props) {
  return (
    <label class="field">
      <span>For</span>
      <select
        data-testid={testId}
        value={value === undefined ? WITHOUT_END : String(value)}
        onChange={({ currentTarget }) =>
          onValue(currentTarget.value === WITHOUT_END ? undefined : Number(currentTarget.value))
        }
      >
        {DURATIONS_MS.map((ms) => (
          <option key={ms} value={String(ms)}>
            {durationWords(ms)}
          </option>
        ))}
        <option value={WITHOUT_END}>Until it is lifted</option>
      </select>
    </label>
  );
}
