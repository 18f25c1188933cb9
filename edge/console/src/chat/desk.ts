// What lies on the reader's desk: which thread is open, which message is answered or edited, what stands in the
// composers, and which message is to be brought into view.
import type { Message } from "../core/contract.ts";
import { Store, withEntry, withoutEntry } from "../core/store.ts";

/** Where one writes: in a room, or in one of its threads. */
export interface Place {
  roomId: string;
  threadId?: string;
}

/** What stands in a composer. */
export interface ComposerText {
  text: string;
  asCode: boolean;
  language: string;
}

export interface DeskState {
  /** Room → the thread that is open beside it. */
  threads: ReadonlyMap<string, string>;
  /** Place → the message that is being answered there. */
  answering: ReadonlyMap<string, Message>;
  /** The one message that is being edited, and where it is shown. */
  editing: { place: string; messageId: string } | undefined;
  /** What is asked about a message before it is done. */
  asked: { kind: "delete" | "report"; message: Message } | undefined;
  /** The composer that is to get the keyboard; a new object each time. */
  writing: { place: string } | undefined;
  /** A new object each time, so that the same message can be looked for again. */
  sought: { place: string; messageId: string } | undefined;
}

export const NOTHING_TYPED: ComposerText = { text: "", asCode: false, language: "" };

/** Room ids have no blanks. */
export function placeKey({ roomId, threadId }: Place): string {
  return threadId === undefined ? roomId : `${roomId} ${threadId}`;
}

export class Desk {
  readonly state = new Store<DeskState>({
    threads: new Map(),
    answering: new Map(),
    editing: undefined,
    asked: undefined,
    writing: undefined,
    sought: undefined,
  });
  /** Unsent text of each place, kept while another one is looked at. */
  readonly #typed = new Map<string, ComposerText>();

  typed(place: Place): ComposerText {
    return this.#typed.get(placeKey(place)) ?? NOTHING_TYPED;
  }

  type(place: Place, typed: ComposerText): void {
    this.#typed.set(placeKey(place), typed);
  }

  openThread(roomId: string, threadId: string): void {
    this.#update(({ threads }) => ({ threads: withEntry(threads, roomId, threadId) }));
  }

  closeThread(roomId: string): void {
    this.#update(({ threads }) => ({ threads: withoutEntry(threads, roomId), editing: undefined }));
    this.write({ roomId });
  }

  answer(place: Place, message: Message): void {
    this.#update(({ answering }) => ({ answering: withEntry(answering, placeKey(place), message) }));
    this.write(place);
  }

  dropAnswer(place: Place): void {
    this.#update(({ answering }) => ({ answering: withoutEntry(answering, placeKey(place)) }));
  }

  edit(place: Place, messageId: string): void {
    this.#update(() => ({ editing: { place: placeKey(place), messageId } }));
  }

  endEdit(): void {
    this.#update(() => ({ editing: undefined }));
  }

  /** Gives the keyboard to a composer. */
  write(place: Place): void {
    this.#update(() => ({ writing: { place: placeKey(place) } }));
  }

  ask(kind: "delete" | "report", message: Message): void {
    this.#update(() => ({ asked: { kind, message } }));
  }

  endAsk(): void {
    this.#update(() => ({ asked: undefined }));
  }

  seek(place: Place, messageId: string): void {
    this.#update(() => ({ sought: { place: placeKey(place), messageId } }));
  }

  found(): void {
    this.#update(() => ({ sought: undefined }));
  }

  /** Forgets all of a room that is open no longer. */
  clear(roomId: string): void {
    const isOf = (place: string) => place === roomId || place.startsWith(`${roomId} `);
    for (const place of this.#typed.keys()) if (isOf(place)) this.#typed.delete(place);
    this.#update(({ threads, answering }) => ({
      threads: withoutEntry(threads, roomId),
      answering: new Map([...answering].filter(([place]) => !isOf(place))),
    }));
  }

  #update(change: (state: DeskState) => Partial<DeskState>): void {
    this.state.update((state) => ({ ...state, ...change(state) }));
  }
}
