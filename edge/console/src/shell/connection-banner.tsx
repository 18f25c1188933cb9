// Says how the connection is. While all is well it is there for screen readers and tests only.
import type { ConnectionState } from "../core/connection.ts";
import { signInSentence } from "../core/refusal.ts";
import { useStore } from "../core/store.ts";
import { useServices } from "./services.ts";

export function ConnectionBanner() {
  const { connection, renewal, overlays } = useServices();
  const state = useStore(connection.state, (state) => state);
  const expired = useStore(renewal.state, ({ kind }) => kind === "expired") && state.kind === "ended";
  const canTry = !expired && (state.kind === "ended" || (state.kind === "refused" && !state.final));
  return (
    <div
      class={`banner banner-${state.kind}`}
      role={state.kind === "ended" ? "alert" : "status"}
      data-testid="connection-state"
      data-state={state.kind}
    >
      <span>{expired ? "Your sign-in has ended." : words(state)}</span>
      {canTry && (
        <button class="button small" type="button" data-testid="reconnect" onClick={() => connection.open()}>
          Connect now
        </button>
      )}
      {expired && (
        <button
          class="button small"
          type="button"
          data-testid="sign-in-again"
          onClick={() => overlays.open({ kind: "renew" })}
        >
          Sign in again
        </button>
      )}
    </div>
  );
}

function words(state: ConnectionState): string {
  switch (state.kind) {
    case "connecting":
      return "Connecting…";
    case "connected":
      return "Connected";
    case "reconnecting":
      return "Connection lost. Reconnecting… What you send now goes out when it is back.";
    case "refused":
      return `${signInSentence(state.code, state.message)}${state.final ? "" : " Trying again shortly."}`;
    case "ended":
      return "The server has ended this connection. It will not come back by itself.";
  }
}
