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

// Both parts stay far below 2^53: milliseconds by nature, the sequence because it starts anew each millisecond.
function parts(id: string): [number, number] {
  const dash = id.indexOf("-");
  return dash < 0 ? [Number(id), 0] : [Number(id.slice(0, dash)), Number(id.slice(dash + 1))];
}
