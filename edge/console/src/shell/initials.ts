// The letters and the colour that stand for a person.

/** As many as the style sheet has `tone-…` classes. */
export const TONES = 10;

/** First letters of the first and the last word, or the first two of a single one. */
export function initials(name: string): string {
  const words = name.split(/[\s._@:-]+/).filter((word) => word !== "");
  const first = [...(words[0] ?? "?")];
  const last = words.length > 1 ? [...(words.at(-1) ?? "")][0] : first[1];
  return `${first[0] ?? "?"}${last ?? ""}`.toUpperCase();
}

/** FNV-1a, folded: ids that differ in one letter get different colours more often than not. */
export function toneOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index += 1) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  }
  return ((hash ^ (hash >>> 15)) >>> 0) % TONES;
}
