// The talk of a room.
import { useMemo, useState } from "preact/hooks";
import { Refusal } from "../core/refusal.ts";
import { useStore } from "../core/store.ts";
import { useServices } from "../shell/services.ts";
import { SILENCE } from "./conversation.ts";
import { chatSentence } from "./refusals.ts";
import { rowsOf } from "./rows.ts";
import { Scroller } from "./scroller.tsx";
import { useAttention } from "./use-attention.ts";
import { useRights } from "./use-rights.ts";

export function MessageList({ roomId }: { roomId: string }) {
  const { chat, rooms, roomLines, notices, me } = useServices();
  const talk = useStore(chat.talks.rooms, (all) => all.get(roomId) ?? SILENCE);
  const joined = useStore(rooms.state, ({ open }) => open.get(roomId)?.phase === "joined");
  const lineId = useStore(chat.reading.marks, (marks) => marks.get(roomId)?.lineId);
  const notes = useStore(roomLines.rooms, (all) => all.get(roomId));
  const { editing, sought, besideId } = useDesk(roomId, roomId);
  const rights = useRights(roomId);
  const [atEnd, setAtEnd] = useState(true);
  const rows = useMemo(
    () => rowsOf(talk, me, { lineId, besideId, ...(notes === undefined ? {} : { notes }) }),
    [talk, me, lineId, besideId, notes],
  );
  useAttention(roomId, talk, atEnd);

  const go = async (messageId: string) => {
    try {
      await chat.goTo(roomId, messageId);
    } catch (cause) {
      notices.add(chatSentence("find", Refusal.from(cause)));
    }
  };

  return (
    <Scroller
      label="Messages"
      testId="message-list"
      place={useMemo(() => ({ roomId }), [roomId])}
      chat={chat}
      me={me}
      rights={rights}
      talk={talk}
      rows={rows}
      joined={joined}
      emptyWords={joined ? "Nothing has been said here yet. Say hello." : "Entering the room…"}
      editing={editing}
      sought={sought}
      onEnd={setAtEnd}
      onGo={go}
    />
  );
}

/** What on the desk concerns one place. */
export function useDesk(roomId: string, place: string) {
  const { chat } = useServices();
  const editing = useStore(chat.desk.state, (state) => state.editing);
  const sought = useStore(chat.desk.state, ({ sought }) => (sought?.place === place ? sought : undefined));
  const besideId = useStore(chat.desk.state, ({ threads }) => threads.get(roomId));
  return { editing, sought: sought?.messageId, besideId };
}
