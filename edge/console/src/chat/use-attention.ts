// Tells the chat how a room's talk is being looked at.
import { useEffect } from "preact/hooks";
import { useServices } from "../shell/services.ts";
import type { Conversation } from "./conversation.ts";
import type { Attention } from "./read-mark.ts";

/** To be called by what shows a room's talk, with that talk; when it goes away, so does the reader. */
export function useAttention(roomId: string, talk: Conversation, atEnd: boolean): void {
  const { chat } = useServices();
  useEffect(() => {
    const look = () => chat.reading.attend(roomId, attention(atEnd));
    look();
    // A window that is seen beside others but not worked in does not count as being read.
    addEventListener("focus", look);
    addEventListener("blur", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      removeEventListener("focus", look);
      removeEventListener("blur", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, [roomId, talk.timeline, atEnd]);
  useEffect(() => () => chat.reading.attend(roomId, "away"), [roomId]);
}

function attention(atEnd: boolean): Attention {
  if (document.hidden || !document.hasFocus()) return "away";
  return atEnd ? "reading" : "scrolled";
}
