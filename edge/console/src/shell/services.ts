// Everything that lives as long as one person is signed in. A new feature is one more line here and a folder of its own.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { Chat } from "../chat/chat.ts";
import { Connection } from "../core/connection.ts";
import type { User } from "../core/contract.ts";
import { type Identity, keepToken, readToken, tokenForName } from "../identity/token.ts";
import { Presence } from "../presence/presence.ts";
import { Rooms } from "../rooms/rooms.ts";
import { Typing } from "../typing/typing.ts";
import { Notices } from "./notices.tsx";

export interface Services {
  me: User;
  notices: Notices;
  connection: Connection;
  rooms: Rooms;
  presence: Presence;
  chat: Chat;
  typing: Typing;
}

export function startServices(identity: Identity): Services {
  const me = { id: identity.id, name: identity.name };
  const notices = new Notices();
  const connection = new Connection(identity.token);
  const rooms = new Rooms(connection, me.id, (text) => notices.add(text));
  const presence = new Presence(connection, rooms, me);
  const chat = new Chat(connection, rooms, me);
  const typing = new Typing(connection, rooms, presence, me.id);
  connection.on("auth-expiring", ({ expiresAt }) => void renew(identity, expiresAt, connection, notices));
  connection.on("error", ({ event, message }) => {
    // Nobody waits for typing to arrive.
    if (event?.startsWith("typing-") !== true) notices.add(`The server says: ${message}`);
  });
  connection.open();
  return { me, notices, connection, rooms, presence, chat, typing };
}

export const ServicesContext = createContext<Services | undefined>(undefined);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === undefined) throw new Error("used outside of a signed-in page");
  return services;
}

/** A token got by name is renewed quietly; any other person is told in time. */
async function renew(identity: Identity, expiresAt: number, connection: Connection, notices: Notices): Promise<void> {
  try {
    const answer = identity.byName ? await tokenForName(identity) : { unavailable: true as const };
    const renewed = "token" in answer ? readToken(answer.token, true) : undefined;
    if (renewed !== undefined) {
      keepToken(renewed);
      return await connection.refreshToken(renewed.token);
    }
  } catch {
    // Said below like any other sign-in that ends.
  }
  const at = new Intl.DateTimeFormat(undefined, { timeStyle: "short" }).format(expiresAt);
  notices.add(`Your sign-in ends at ${at}. Please sign in with a new token.`);
}
