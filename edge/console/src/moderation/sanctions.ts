// Who is muted or banned in a room, as far as this page was told: the service has no list of it to ask for.
import type { SanctionTold, User } from "../core/contract.ts";

export interface Sanction {
  kind: "mute" | "ban";
  user: User;
  /** Absent where it has no end. */
  until?: number | undefined;
  reason?: string | undefined;
}

/** By `<kind> <user id>`. */
export type Sanctions = ReadonlyMap<string, Sanction>;

export const NO_SANCTIONS: Sanctions = new Map();

export function withSanction(known: Sanctions, kind: Sanction["kind"], told: SanctionTold): Sanctions {
  const { user, until, reason } = told;
  return new Map(known).set(`${kind} ${user.id}`, { kind, user, until, reason });
}

export function withoutSanction(known: Sanctions, kind: Sanction["kind"], userId: string): Sanctions {
  const rest = new Map(known);
  rest.delete(`${kind} ${userId}`);
  return rest;
}

/** The sanction, if it is known and has not ended by itself. */
export function sanctionOf(
  known: Sanctions,
  kind: Sanction["kind"],
  userId: string,
  now: number,
): Sanction | undefined {
  const found = known.get(`${kind} ${userId}`);
  return found !== undefined && isInForce(found, now) ? found : undefined;
}

/** Those in force, the ones that end first at the top. */
export function inForce(known: Sanctions, now: number): Sanction[] {
  const end = ({ until }: Sanction) => until ?? Number.MAX_SAFE_INTEGER;
  return [...known.values()].filter((one) => isInForce(one, now)).sort((left, right) => end(left) - end(right));
}

function isInForce({ until }: Sanction, now: number): boolean {
  return until === undefined || until > now;
}
