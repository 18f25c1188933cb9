// Says in time that the sign-in ends, with the way to a new one.
import { useStore } from "../core/store.ts";
import { useServices } from "../shell/services.ts";
import { clock } from "../shell/time.ts";

export function ExpiryBanner() {
  const { renewal, connection, overlays } = useServices();
  const state = useStore(renewal.state, (state) => state);
  const connected = useStore(connection.state, ({ kind }) => kind === "connected");
  // Once it is over, the connection's own banner says so.
  if (state.kind !== "expiring" || !connected) return null;
  return (
    <div class="banner" role="alert" data-testid="sign-in-expiring">
      <span>Your sign-in ends at {clock(state.expiresAt)}.</span>
      <button
        class="button small"
        type="button"
        data-testid="sign-in-again"
        onClick={() => overlays.open({ kind: "renew" })}
      >
        Sign in again
      </button>
    </div>
  );
}
