// Everything that lives as long as one person is signed in. A new feature is one more line here and a folder of its own.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { Chat } from "../chat/chat.ts";
import { Connection } from "../core/connection.ts";
import type { User } from "../core/contract.ts";
import { Refusal, sentence } from "../core/refusal.ts";
import { Renewal } from "../identity/renewal.ts";
import type { Identity } from "../identity/token.ts";
import { Moderation } from "../moderation/moderation.ts";
import { RoomLines } from "../moderation/room-lines.ts";
import { Standing } from "../moderation/standing.ts";
import { Notifications } from "../notifications/notifications.ts";
import { OwnStatus } from "../presence/own-status.ts";
import { Presence } from "../presence/presence.ts";
import { Administration } from "../rooms/administration.ts";
import { MyRooms } from "../rooms/my-rooms.ts";
import { Rooms } from "../rooms/rooms.ts";
import { Typing } from "../typing/typing.ts";
import { Notices } from "./notices.tsx";
import { Overlays } from "./overlays.ts";

export type Services = ReturnType<typeof startServices>;

export function startServices(identity: Identity) {
  const me: User = { id: identity.id, name: identity.name };
  const { roles } = identity;
  const notices = new Notices();
  const overlays = new Overlays();
  const connection = new Connection(identity.token);
  const renewal = new Renewal(connection, identity);
  const rooms = new Rooms(connection, me.id, (text) => notices.add(text));
  const myRooms = new MyRooms(connection, rooms);
  const administration = new Administration(connection, rooms);
  const standing = new Standing(rooms, me.id, roles);
  const presence = new Presence(connection, rooms, me);
  const ownStatus = new OwnStatus(connection, rooms, me);
  const roomLines = new RoomLines(connection, rooms);
  const moderation = new Moderation(connection, rooms, standing, roomLines, me.id);
  const chat = new Chat(connection, rooms, presence, me);
  const typing = new Typing(connection, rooms, presence, me.id);
  const notifications = new Notifications(connection, rooms, myRooms, {
    arrived: (item) => notices.add(item.title, { label: "Open", run: () => notifications.open(item) }),
    message: (roomId, messageId) =>
      void chat.goTo(roomId, messageId).catch((cause: unknown) => notices.add(sentence(Refusal.from(cause)))),
  });
  connection.on("error", ({ event, message }) => {
    // Nobody waits for typing to arrive.
    if (event?.startsWith("typing-") !== true) notices.add(`The server says: ${message}`);
  });
  connection.open();
  return {
    me,
    roles,
    notices,
    overlays,
    connection,
    renewal,
    rooms,
    myRooms,
    administration,
    standing,
    presence,
    ownStatus,
    roomLines,
    moderation,
    chat,
    typing,
    notifications,
  };
}

export const ServicesContext = createContext<Services | undefined>(undefined);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === undefined) throw new Error("used outside of a signed-in page");
  return services;
}
