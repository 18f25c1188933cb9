// The line above the composer that says who is typing. It keeps its height, so nothing jumps.
import { useStore } from "../core/store.ts";
import { useServices } from "../shell/services.ts";
import { typingSentence } from "./typing-throttle.ts";

export function TypingLine({ roomId }: { roomId: string }) {
  const { typing } = useServices();
  const typists = useStore(typing.rooms, (rooms) => rooms.get(roomId));
  const text = typingSentence([...(typists?.values() ?? [])].map((user) => user.name));
  return (
    <p class="typing-line" data-testid="typing">
      {text !== "" && (
        <span class="typing-dots" aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
      )}
      {text}
    </p>
  );
}
