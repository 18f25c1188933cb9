// The list of names that opens while one types after an `@`.
import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import type { User } from "../core/contract.ts";
import { completed, mentionQuery, offered, written } from "./mentions.ts";

export interface MentionChoice {
  people: User[];
  chosen: number;
}

interface Options {
  field: RefObject<HTMLTextAreaElement | null>;
  text: string;
  myId: string;
  people(): readonly User[];
  onText(text: string): void;
}

export function useMentions({ field, text, myId, people, onText }: Options) {
  const [caret, setCaret] = useState(0);
  const [chosen, setChosen] = useState(0);
  /** The `@` for which the list was shut with Escape. */
  const [shutAt, setShutAt] = useState<number>();
  const query = mentionQuery(text, caret);
  const found = query === undefined || query.from === shutAt ? [] : offered(people(), query.word, myId);
  const choice: MentionChoice | undefined =
    found.length === 0 ? undefined : { people: found, chosen: Math.min(chosen, found.length - 1) };

  const choose = (person: User) => {
    const element = field.current;
    if (query === undefined || element === null) return;
    const next = completed(text, query, written(person, people()));
    onText(next.text);
    setChosen(0);
    // The text must be in the field before the caret can stand in it.
    requestAnimationFrame(() => {
      element.focus();
      element.setSelectionRange(next.caret, next.caret);
      setCaret(next.caret);
    });
  };

  /** Tells whether the key was meant for the list. */
  const key = (event: KeyboardEvent): boolean => {
    if (choice === undefined || event.isComposing) return false;
    const { length } = choice.people;
    const person = choice.people[choice.chosen];
    if (event.key === "ArrowDown") setChosen((choice.chosen + 1) % length);
    else if (event.key === "ArrowUp") setChosen((choice.chosen + length - 1) % length);
    else if (event.key === "Escape") setShutAt(query?.from);
    else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") person && choose(person);
    else return false;
    event.preventDefault();
    return true;
  };

  const moved = () => {
    const element = field.current;
    if (element === null) return;
    setCaret(element.selectionStart === element.selectionEnd ? element.selectionStart : 0);
    if (mentionQuery(element.value, element.selectionStart)?.from !== shutAt) setShutAt(undefined);
  };

  return { choice, choose, key, moved };
}
