// All of a room that is said and written: the talk, who is typing, the composer, and an open thread beside them.
import { useEffect, useRef } from "preact/hooks";
import { useStore } from "../core/store.ts";
import { useServices } from "../shell/services.ts";
import { TypingLine } from "../typing/typing-line.tsx";
import { Composer } from "./composer.tsx";
import { MessageDialogs } from "./message-dialogs.tsx";
import { MessageList } from "./message-list.tsx";
import { ThreadPanel } from "./thread-panel.tsx";

export function Talk({ roomId, roomName }: { roomId: string; roomName: string }) {
  const { chat } = useServices();
  const threadId = useStore(chat.desk.state, ({ threads }) => threads.get(roomId));
  const seeksInRoom = useStore(chat.desk.state, ({ sought }) => sought?.place === roomId);
  const room = useRef<HTMLDivElement>(null);

  useEffect(() => {
    // Where the thread lies over the talk, what is looked for there would stay covered.
    const isCovered = room.current !== null && getComputedStyle(room.current).visibility === "hidden";
    if (seeksInRoom && isCovered) chat.desk.closeThread(roomId);
  }, [seeksInRoom]);

  return (
    <div class={threadId === undefined ? "talk" : "talk with-thread"}>
      <div class="talk-room" ref={room}>
        <MessageList key={roomId} roomId={roomId} />
        <TypingLine roomId={roomId} />
        <Composer key={roomId} place={{ roomId }} placeholder={`Message ${roomName}`} />
      </div>
      {threadId !== undefined && <ThreadPanel key={threadId} roomId={roomId} threadId={threadId} />}
      <MessageDialogs />
    </div>
  );
}
