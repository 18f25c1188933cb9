// A thread beside the room's talk, or over it where there is little space: the message that began it, the answers, and
// a composer of its own.
import { useEffect, useMemo, useState } from "preact/hooks";
import { Refusal } from "../core/refusal.ts";
import { useStore } from "../core/store.ts";
import { Icon } from "../shell/icons.tsx";
import { useServices } from "../shell/services.ts";
import { Composer } from "./composer.tsx";
import { SILENCE } from "./conversation.ts";
import { placeKey } from "./desk.ts";
import { useDesk } from "./message-list.tsx";
import { chatSentence } from "./refusals.ts";
import { rowsOf } from "./rows.ts";
import { Scroller } from "./scroller.tsx";
import { repliesLabel, threadSummaries, threadTalk } from "./threads.ts";
import { useRights } from "./use-rights.ts";

export function ThreadPanel({ roomId, threadId }: { roomId: string; threadId: string }) {
  const { chat, rooms, notices, me } = useServices();
  const whole = useStore(chat.talks.rooms, (all) => all.get(roomId) ?? SILENCE);
  const joined = useStore(rooms.state, ({ open }) => open.get(roomId)?.phase === "joined");
  const place = useMemo(() => ({ roomId, threadId }), [roomId, threadId]);
  const { editing, sought } = useDesk(roomId, placeKey(place));
  const rights = useRights(roomId);
  const talk = useMemo(() => threadTalk(whole, threadId), [whole, threadId]);
  const rows = useMemo(() => rowsOf(talk, me, { threadId }), [talk, me, threadId]);
  const loaded = whole.threads.has(threadId);
  const { problem, load } = useThread(roomId, threadId, joined && !loaded);
  const count = threadSummaries(whole).get(threadId)?.count ?? 0;

  const close = () => chat.desk.closeThread(roomId);
  const go = async (messageId: string) => {
    if (messageId === threadId) return chat.desk.seek(place, messageId);
    try {
      await chat.goTo(roomId, messageId);
    } catch (cause) {
      notices.add(chatSentence("find", Refusal.from(cause)));
    }
  };

  return (
    <aside
      class="thread-panel"
      aria-label="Thread"
      data-testid="thread-panel"
      data-thread-id={threadId}
      onKeyDown={(event) => {
        // A menu or the list of names takes its own Escape first.
        if (event.key === "Escape" && !event.defaultPrevented) close();
      }}
    >
      <header class="thread-head">
        <h2>Thread</h2>
        <span class="quiet small" data-testid="thread-count">
          {count === 0 ? "" : repliesLabel(count)}
        </span>
        <button
          class="icon-button"
          type="button"
          title="Close the thread"
          aria-label="Close the thread"
          data-testid="close-thread"
          onClick={close}
        >
          <Icon name="close" />
        </button>
      </header>
      {problem === undefined ? (
        <Scroller
          label="Thread"
          testId="thread-list"
          place={place}
          chat={chat}
          me={me}
          rights={rights}
          talk={talk}
          rows={rows}
          joined={joined}
          emptyWords={loaded ? "The messages of this thread are not kept any more." : "Opening the thread…"}
          editing={editing}
          sought={sought}
          onGo={go}
        />
      ) : (
        <div class="empty-state" role="alert" data-testid="thread-problem">
          <p class="quiet">{problem}</p>
          <button class="button" type="button" data-testid="thread-retry" onClick={load}>
            Try again
          </button>
        </div>
      )}
      <Composer key={placeKey(place)} place={place} placeholder="Reply in the thread" />
    </aside>
  );
}

/** Reads the thread while it is `wanted`: when it is opened, and again after a gap. */
function useThread(roomId: string, threadId: string, wanted: boolean) {
  const { chat } = useServices();
  const [problem, setProblem] = useState<string>();
  const load = async () => {
    setProblem(undefined);
    try {
      await chat.history.loadThread(roomId, threadId);
    } catch (cause) {
      setProblem(chatSentence("load", Refusal.from(cause)));
    }
  };
  useEffect(() => {
    if (wanted) void load();
  }, [roomId, threadId, wanted]);
  return { problem, load };
}
