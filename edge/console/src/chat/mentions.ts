// Mentions: offering people after an `@`, finding whom a text names, and finding the names again to show them.
// A text names somebody as `@Name` or `@id`; the message's `mentions` say who is meant.
import { MENTIONS_MAX, type User } from "../core/contract.ts";

const OFFERED_MAX = 8;

/** The word after an `@` that the caret stands in. */
export interface MentionQuery {
  /** Where the `@` stands. */
  from: number;
  /** The caret. */
  to: number;
  word: string;
}

export function mentionQuery(text: string, caret: number): MentionQuery | undefined {
  const match = /(?:^|[\s([{"'>,;:])@([^\s@]{0,64})$/u.exec(text.slice(0, caret));
  const word = match?.[1];
  return word === undefined ? undefined : { from: caret - word.length - 1, to: caret, word };
}

/** People whose name or id fits what was typed: first those whose name begins so, then where a later word does. */
export function offered(people: readonly User[], word: string, myId: string): User[] {
  const wanted = folded(word);
  const rank = ({ id, name }: User): number => {
    const [foldedName, foldedId] = [folded(name), folded(id)];
    if (foldedName.startsWith(wanted)) return 0;
    if (foldedName.split(/[\s._-]+/).some((part) => part.startsWith(wanted))) return 1;
    if (foldedId.startsWith(wanted)) return 2;
    return foldedName.includes(wanted) ? 3 : 4;
  };
  return people
    .filter((person) => person.id !== myId && rank(person) < 4)
    .sort((left, right) => rank(left) - rank(right) || left.name.localeCompare(right.name))
    .slice(0, OFFERED_MAX);
}

/** What is written for a person: the name, or the id where somebody else has the same name. */
export function written(person: User, people: readonly User[]): string {
  const shared = people.some(({ id, name }) => id !== person.id && folded(name) === folded(person.name));
  return `@${shared ? person.id : person.name}`;
}

export function completed(text: string, query: MentionQuery, mention: string): { text: string; caret: number } {
  const after = text.slice(query.to);
  const gap = /^\s/.test(after) ? "" : " ";
  return {
    text: `${text.slice(0, query.from)}${mention}${gap}${after}`,
    caret: query.from + mention.length + 1,
  };
}

export type MentionPart = { text: string; userId?: string };

/** Cuts a text at the places where it names one of these people. */
export function mentionParts(text: string, people: readonly User[]): MentionPart[] {
  if (people.length === 0 || !text.includes("@")) return [{ text }];
  const parts: MentionPart[] = [];
  let from = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const named = at < from || !begins(text, at) ? undefined : namedAt(text, at, people);
    if (named === undefined) continue;
    if (at > from) parts.push({ text: text.slice(from, at) });
    parts.push({ text: text.slice(at, named.end), userId: named.userId });
    from = named.end;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

/** The ids of those whom a text names, in the order in which it does, as many as a message may mention. */
export function mentionedIn(text: string, people: readonly User[]): string[] {
  const ids = mentionParts(withoutCode(text), people).flatMap(({ userId }) => userId ?? []);
  return [...new Set(ids)].slice(0, MENTIONS_MAX);
}

/** The longest name wins, so that `@Ann Smith` is not `@Ann`. */
function namedAt(text: string, at: number, people: readonly User[]): { userId: string; end: number } | undefined {
  let longest: { userId: string; end: number } | undefined;
  for (const { id, name } of people) {
    for (const label of [name, id]) {
      const end = at + 1 + label.length;
      if (label === "" || folded(text.slice(at + 1, end)) !== folded(label) || !ends(text, end)) continue;
      if (longest === undefined || end > longest.end) longest = { userId: id, end };
    }
  }
  return longest;
}

/** An address like `ann@example.org` names nobody. */
function begins(text: string, at: number): boolean {
  return at === 0 || !/[\p{L}\p{N}_@./]/u.test(text.charAt(at - 1));
}

function ends(text: string, end: number): boolean {
  return !/^[\p{L}\p{N}_@]/u.test(text.slice(end, end + 2)) && !/^[.:|+=/-][\p{L}\p{N}]/u.test(text.slice(end));
}

function withoutCode(text: string): string {
  return text.replace(/```[\s\S]*?```|`[^`\n]+`/g, " ");
}

function folded(text: string): string {
  return text.toLocaleLowerCase();
}
