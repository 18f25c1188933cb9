// The end of a room. It cannot be undone, so it is asked for twice.
import { useState } from "preact/hooks";
import { useServices } from "../shell/services.ts";
import { useRequest } from "../shell/use-request.ts";

export function CloseRoom({ roomId, name, onClosed }: { roomId: string; name: string; onClosed(): void }) {
  const { administration, notices } = useServices();
  const [asked, setAsked] = useState(false);
  const { busy, problem, send } = useRequest();

  const close = async (requestId: string) => {
    await administration.close(roomId, requestId);
    notices.add(`${name} is closed.`);
    onClosed();
  };

  return (
    <section class="form section" aria-label="Close the room">
      {asked ? (
        <>
          <p role="alert">
            Close <strong>{name}</strong> for everyone? This cannot be undone.
          </p>
          <div class="dialog-buttons">
            <button class="button plain" type="button" onClick={() => setAsked(false)}>
              Keep it
            </button>
            <button
              class="button danger"
              type="button"
              disabled={busy}
              data-testid="close-room-confirm"
              onClick={() => void send(close)}
            >
              Close for everyone
            </button>
          </div>
        </>
      ) : (
        <button class="button wide danger-text" type="button" data-testid="close-room" onClick={() => setAsked(true)}>
          Close this room…
        </button>
      )}
      {problem !== undefined && (
        <p class="field-problem" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}
