// Slow mode: how long everybody waits between two messages.
import { durationWords } from "../shell/time.ts";
import { useServices } from "../shell/services.ts";
import { useRequest } from "../shell/use-request.ts";

const PACES_MS = [0, 5_000, 10_000, 30_000, 60_000, 5 * 60_000, 15 * 60_000];

export function SlowMode({ roomId, slowModeMs }: { roomId: string; slowModeMs: number }) {
  const { administration } = useServices();
  const { busy, problem, send } = useRequest();
  // Somebody else may have chosen a pace that is not among ours.
  const paces = PACES_MS.includes(slowModeMs) ? PACES_MS : [...PACES_MS, slowModeMs].sort((a, b) => a - b);
  return (
    <section class="form section" aria-label="Slow mode">
      <label class="field">
        <span>Slow mode</span>
        <select
          data-testid="slow-mode"
          value={String(slowModeMs)}
          disabled={busy}
          onChange={({ currentTarget }) => {
            const wanted = Number(currentTarget.value);
            void send((requestId) => administration.setSlowMode(roomId, wanted, requestId));
          }}
        >
          {paces.map((ms) => (
            <option key={ms} value={String(ms)}>
              {ms === 0 ? "Off" : `One message every ${durationWords(ms)}`}
            </option>
          ))}
        </select>
        <small class="quiet">For a heated hour. Those who moderate are not slowed.</small>
      </label>
      {problem !== undefined && (
        <p class="field-problem" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}
