// Reactions with `me` always known. The server says `me` in answers only: an event goes to everybody alike, so what
// is one's own is found among the users that it names, and beyond the first 20 it is what this page knew before.
import type { Reaction, Reactions } from "../core/contract.ts";

/** Those that the picker offers, with the words that say them. */
export const EMOJI: readonly (readonly [emoji: string, words: string])[] = [
  ["👍", "thumbs up"],
  ["👎", "thumbs down"],
  ["😄", "laughing"],
  ["🎉", "celebrate"],
  ["❤️", "heart"],
  ["🚀", "rocket"],
  ["👀", "looking"],
  ["🤔", "thinking"],
  ["✅", "done"],
  ["❌", "no"],
  ["🔥", "fire"],
  ["💡", "idea"],
  ["🙏", "thank you"],
  ["👏", "applause"],
  ["💯", "hundred"],
  ["🐛", "bug"],
  ["😮", "surprised"],
  ["😢", "sad"],
  ["😅", "phew"],
  ["🫡", "on it"],
  ["➕", "plus one"],
  ["❓", "question"],
  ["⏳", "waiting"],
  ["🏆", "trophy"],
];

/** Those offered without opening the picker. */
export const QUICK_EMOJI = EMOJI.slice(0, 3);

/** Reactions as an event tells them; `before` is what was known. */
export function told(reactions: Reactions, myId: string, before: Reactions = {}): Reactions {
  return mapped(reactions, (reaction, emoji) => {
    const named = reaction.users.includes(myId);
    const unnamed = reaction.count > reaction.users.length && before[emoji]?.me === true;
    return { ...reaction, me: named || unnamed };
  });
}

/** Reactions as an answer to oneself gives them. */
export function answered(reactions: Reactions, myId: string): Reactions {
  return mapped(reactions, (reaction) => ({
    ...reaction,
    me: reaction.me === true || reaction.users.includes(myId),
  }));
}

/**
 * What is held, after the answer to one's own `react`. The event may have come before the answer, and others' events
 * after it, so the answer says only what is one's own; counts are the events' matter.
 */
export function afterOwn(held: Reactions, answer: Reactions, emoji: string, myId: string): Reactions {
  const mine = answered(answer, myId);
  const merged = mapped(held, (reaction, key) => ({ ...reaction, me: mine[key]?.me === true }));
  const added = mine[emoji];
  return merged[emoji] === undefined && added?.me === true ? { ...merged, [emoji]: added } : merged;
}

/** "You, Ann and 3 others", for as many as can be named. */
export function whoReacted(reaction: Reaction, myId: string, nameOf: (userId: string) => string): string {
  const others = reaction.users.filter((id) => id !== myId).map(nameOf);
  const named = [...(reaction.me === true ? ["You"] : []), ...others];
  const unnamed = reaction.count - named.length;
  if (unnamed > 0) return `${named.join(", ")} and ${unnamed} more`;
  const last = named.at(-1) ?? "";
  return named.length > 1 ? `${named.slice(0, -1).join(", ")} and ${last}` : last;
}

function mapped(reactions: Reactions, change: (reaction: Reaction, emoji: string) => Reaction): Reactions {
  return Object.fromEntries(Object.entries(reactions).map(([emoji, reaction]) => [emoji, change(reaction, emoji)]));
}
