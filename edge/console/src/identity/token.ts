// Who is signed in: reading a token, keeping it for this tab, and taking what the address brought along.
import { isUserId, type User } from "../core/contract.ts";

export interface Identity extends User {
  token: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
  /** Those of the platform, not of a room. */
  roles: readonly string[];
  /** Signed in by name alone, as a development server allows; such a token can be had anew. */
  byName: boolean;
}

/**
 * Reads what a token says about its holder. Nothing is verified here, that is the server's part.
 * Answers `undefined` for text that is no token.
 */
export function readToken(token: string, byName = false): Identity | undefined {
  const claimsPart = token.split(".")[1];
  if (claimsPart === undefined || token.split(".").length !== 3) return undefined;
  try {
    const bytes = Uint8Array.from(atob(claimsPart.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    if (typeof claims["sub"] !== "string" || typeof claims["exp"] !== "number") return undefined;
    const name = typeof claims["name"] === "string" ? claims["name"] : claims["sub"];
    return { id: claims["sub"], name, token, expiresAt: claims["exp"] * 1_000, roles: rolesOf(claims), byName };
  } catch {
    return undefined;
  }
}

/** The identity, if it is one that the server may take. Throws an `Error` that tells a person what is wrong. */
export function usable(identity: Identity | undefined): Identity {
  if (identity === undefined) throw new Error("This does not look like a token. It has three parts with dots between.");
  if (identity.expiresAt <= Date.now()) throw new Error("This token has expired. Please get a new one.");
  return identity;
}

function rolesOf(claims: Record<string, unknown>): string[] {
  const roles = claims["roles"] ?? claims["role"];
  return (Array.isArray(roles) ? roles : [roles]).filter((role): role is string => typeof role === "string");
}

/** What the part of an address after `#` asks for: `#token=…&room=…`. */
export function readHash(hash: string): { token?: string; room?: string } {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const token = fields.get("token");
  const room = fields.get("room");
  return { ...(token ? { token } : {}), ...(room ? { room } : {}) };
}

/** A user id made from a typed name: without accents, dashes for spaces; `undefined` where other characters do not fit. */
export function userIdFrom(name: string): string | undefined {
  const id = name.trim().normalize("NFD").replace(/\p{M}/gu, "").replace(/\s+/g, "-");
  return isUserId(id) ? id : undefined;
}

/** Development servers hand out tokens by name; all others answer 404. */
export type NameSignIn = { token: string } | { unavailable: true };

export async function tokenForName({ id, name }: User): Promise<NameSignIn> {
  const response = await fetch("/dev/token", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user: id, name }),
  });
  if (response.status === 404 || response.status === 405) return { unavailable: true };
  if (!response.ok) throw new Error(await serverWords(response));
  const body = (await response.json()) as { token: string };
  return { token: body.token };
}

async function serverWords(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const body = JSON.parse(text) as { error?: { message?: string } };
    return body.error?.message ?? text;
  } catch {
    return text.slice(0, 200) || `the server answered ${response.status}`;
  }
}

const TOKEN_KEY = "realtime.token";
const BY_NAME_KEY = "realtime.token-by-name";

/** The session storage belongs to one tab, so two tabs can be two people. */
export function keepToken(identity: Identity): void {
  sessionStorage.setItem(TOKEN_KEY, identity.token);
  sessionStorage.setItem(BY_NAME_KEY, String(identity.byName));
}

export function keptToken(): Identity | undefined {
  const token = sessionStorage.getItem(TOKEN_KEY);
  return token === null ? undefined : readToken(token, sessionStorage.getItem(BY_NAME_KEY) === "true");
}

export function forgetToken(): void {
  sessionStorage.removeItem(TOKEN_KEY);
  sessionStorage.removeItem(BY_NAME_KEY);
}
