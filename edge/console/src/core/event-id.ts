// Event ids `<ms>-<seq>` as Redis Streams give them. They order by number, part by part, not as text.

/** Negative, zero or positive as `left` comes before, is, or comes after `right`. */
export function compareIds(left: string, right: string): number {
  const [leftMs, leftSeq] = parts(left);
  const [rightMs, rightSeq] = parts(right);
  return leftMs - rightMs || leftSeq - rightSeq;
}

/** The later of two ids, either of which may be missing. */
export function laterId(left: string | undefined, right: string | undefined): string | undefined {
  if (left === undefined) return right;
  if (right === undefined) return left;
  return compareIds(left, right) >= 0 ? left : right;
}

/** When it was given, in milliseconds since the epoch. */
export function msOf(id: string): number {
  return parts(id)[0];
}

/** The next possible id; asking for what comes before it includes `id` itself. */
export function idAfter(id: string): string {
  const [ms, seq] = parts(id);
  return `${ms}-${seq + 1}`;
}

// Both parts stay far below 2^53: milliseconds by nature, the sequence because it starts anew each millisecond.
function parts(id: string): [number, number] {
  const dash = id.indexOf("-");
  return dash < 0 ? [Number(id), 0] : [Number(id.slice(0, dash)), Number(id.slice(dash + 1))];
}
