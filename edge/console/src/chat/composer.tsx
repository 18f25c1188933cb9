// Where one writes: Enter sends, Shift+Enter makes a line, `@` offers names, the up arrow changes what one said last.
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useStore } from "../core/store.ts";
import { useServices } from "../shell/services.ts";
import { Answering, MutedNote, ReadOnlyNote } from "./composer-notes.tsx";
import { ComposerTools } from "./composer-tools.tsx";
import { type ComposerText, type Place, placeKey } from "./desk.ts";
import { charactersLeft, draftFrom } from "./draft.ts";
import { quoteOf } from "./excerpt.ts";
import { MentionList, optionId } from "./mention-list.tsx";
import { mentionedIn } from "./mentions.ts";
import { mayWriteAt, NO_HURRY } from "./pace.ts";
import { mayEdit } from "./permissions.ts";
import { fitHeight } from "./text-field.ts";
import { threadTalk } from "./threads.ts";
import { useMentions } from "./use-mentions.ts";
import { useRights } from "./use-rights.ts";
import { useSecondsUntil } from "./use-seconds.ts";

interface Props {
  place: Place;
  placeholder: string;
}

export function Composer(props: Props) {
  const rights = useRights(props.place.roomId);
  return rights.writes ? <Writing {...props} /> : <ReadOnlyNote />;
}

function Writing({ place, placeholder }: Props) {
  const { chat, typing, me } = useServices();
  const { roomId, threadId } = place;
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const [typed, setTyped] = useState<ComposerText>(() => chat.desk.typed(place));
  const answered = useStore(chat.desk.state, ({ answering }) => answering.get(placeKey(place)));
  const writing = useStore(chat.desk.state, ({ writing }) =>
    writing?.place === placeKey(place) ? writing : undefined,
  );
  const { wait, isSlow } = useWait(roomId);
  const rights = useRights(roomId);
  const left = charactersLeft(typed.text);
  const draft = draftFrom(typed.text, typed.asCode, typed.language);
  const maySend = draft !== undefined && left >= 0 && wait === 0;

  const change = (next: ComposerText) => {
    setTyped(next);
    chat.desk.type(place, next);
  };
  const changeText = (text: string) => {
    change({ ...typed, text });
    typing.input(roomId, text);
  };
  const mentions = useMentions({
    field,
    text: typed.asCode ? "" : typed.text,
    myId: me.id,
    people: () => chat.peopleOf(roomId),
    onText: changeText,
  });

  const send = () => {
    if (draft === undefined || !maySend) return;
    const named = draft.kind === "text" ? mentionedIn(draft.content, chat.peopleOf(roomId)) : [];
    const more = {
      ...(threadId === undefined ? {} : { threadId }),
      ...(answered === undefined ? {} : { replyTo: answered.id }),
      ...(named.length === 0 ? {} : { mentions: named }),
    };
    chat.lines.send(roomId, { ...draft, ...more }, answered === undefined ? undefined : quoteOf(answered));
    chat.reading.spoke(roomId);
    chat.desk.dropAnswer(place);
    typing.sent(roomId);
    change({ ...typed, text: "" });
    field.current?.focus();
  };

  /** Opens what one said last here for a change. */
  const editLast = (): boolean => {
    const { timeline } = threadId === undefined ? chat.talks.of(roomId) : threadTalk(chat.talks.of(roomId), threadId);
    const last = timeline.messages.findLast(
      (message) => message.threadId === threadId && mayEdit(message, rights, Date.now()),
    );
    if (last === undefined) return false;
    chat.desk.edit(place, last.id);
    chat.desk.seek(place, last.id);
    return true;
  };

  const key = (event: KeyboardEvent) => {
    if (mentions.key(event)) return;
    // While a composed character is being chosen, the keys belong to the input method.
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && answered !== undefined) {
      event.preventDefault();
      chat.desk.dropAnswer(place);
    } else if (event.key === "ArrowUp" && typed.text === "" && editLast()) event.preventDefault();
  };

  useLayoutEffect(() => fitHeight(field.current), [typed.text, typed.asCode]);
  useLayoutEffect(() => {
    // On a touch screen the focus would bring up the keyboard unasked.
    if (matchMedia("(pointer: fine)").matches) field.current?.focus();
    return () => typing.stop(roomId);
  }, []);
  useLayoutEffect(() => {
    if (writing !== undefined) field.current?.focus();
  }, [writing]);

  const { choice } = mentions;
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <MutedNote roomId={roomId} />
      {choice !== undefined && <MentionList id={`${id}-names`} choice={choice} onChoose={mentions.choose} />}
      <div class={`composer-box${typed.asCode ? " as-code" : ""}`}>
        {answered !== undefined && <Answering message={answered} onDrop={() => chat.desk.dropAnswer(place)} />}
        <textarea
          ref={field}
          data-testid={threadId === undefined ? "composer" : "thread-composer"}
          aria-label={placeholder}
          aria-describedby={`${id}-help`}
          aria-autocomplete="list"
          aria-controls={choice === undefined ? undefined : `${id}-names`}
          aria-activedescendant={choice === undefined ? undefined : optionId(`${id}-names`, choice.chosen)}
          placeholder={typed.asCode ? "Paste or write code…" : placeholder}
          rows={1}
          value={typed.text}
          spellcheck={!typed.asCode}
          onInput={(event) => {
            changeText(event.currentTarget.value);
            mentions.moved();
          }}
          onSelect={mentions.moved}
          onBlur={() => typing.stop(roomId)}
          onKeyDown={key}
        />
        <ComposerTools
          typed={typed}
          helpId={`${id}-help`}
          charactersLeft={left}
          wait={wait}
          isSlow={isSlow}
          maySend={maySend}
          onChange={(next) => {
            change(next);
            field.current?.focus();
          }}
        />
      </div>
    </form>
  );
}

/** How long one has to wait before the next message, in a room with slow mode or after the server said so. */
function useWait(roomId: string): { wait: number; isSlow: boolean } {
  const { chat, rooms } = useServices();
  const pace = useStore(chat.lines.paces, (paces) => paces.get(roomId) ?? NO_HURRY);
  const slowModeMs = useStore(rooms.state, ({ open }) => open.get(roomId)?.room?.slowModeMs ?? 0);
  const { moderates } = useRights(roomId);
  return { wait: useSecondsUntil(mayWriteAt(pace, slowModeMs, moderates)), isSlow: slowModeMs > 0 };
}
