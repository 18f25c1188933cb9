// The service's events as this page uses them: the generated types, and what the page adds to them.
import type { ClientToServerEvents, Member, Message, SendMessage, ServerToClientEvents, User } from "./events.ts";

export type {
  Access,
  Answer,
  ErrorBody,
  Member,
  Message,
  Notification,
  Quote,
  Reaction,
  Report,
  ReportAction,
  ReportReason,
  Room,
  RoomJoined,
  RoomRole,
  RoomType,
  Status,
  User,
  UserSanctioned as SanctionTold,
} from "./events.ts";

/** Reactions by emoji. */
export type Reactions = Readonly<Message["reactions"]>;

/** What somebody wants to say, before it is known where. */
export type Draft = Pick<SendMessage, "content" | "language" | "replyTo" | "threadId" | "mentions"> &
  Required<Pick<SendMessage, "kind">>;

/** Someone present, as far as this page knows: of who comes in later the server tells the name alone. */
export type Present = User & Partial<Omit<Member, keyof User>>;

type Result<Callback> = Callback extends (answer: infer Given) => void ? Omit<Extract<Given, { ok: true }>, "ok"> : never;

/** Each event that a client sends: its payload and the answer to it. */
export type Requests = {
  [Event in keyof ClientToServerEvents]: {
    payload: Parameters<ClientToServerEvents[Event]>[0];
    answer: Result<NonNullable<Parameters<ClientToServerEvents[Event]>[1]>>;
  };
};

/** Each event that the server sends. */
export type ServerEvents = {
  [Event in keyof ServerToClientEvents]: Parameters<ServerToClientEvents[Event]>[0];
};

export const CONTENT_CHARACTERS_MAX = 4_000;
export const RECENT_MESSAGES = 50;
/** The server counts unread messages up to this. */
export const UNREAD_SHOWN_MAX = 999;
export const ROOM_NAME_CHARACTERS_MAX = 100;
/** The longest reason, note or comment. */
export const NOTE_CHARACTERS_MAX = 1_000;
/** The largest limit that a room may have. */
export const ROOM_MEMBERS_MAX = 1_000_000;
export const PAGE_MESSAGES_MAX = 100;
export const MENTIONS_MAX = 10;
/** How long an author may edit a message. */
export const EDIT_WINDOW_MS = 24 * 60 * 60_000;
/** Above this many members the server tells of joins in batches and of typing not at all. */
export const MEMBERS_TOLD_SINGLY_MAX = 200;

const CALLER_CHOSEN_ID = /^[A-Za-z0-9._:@-]{1,128}$/;
const USER_ID = /^[A-Za-z0-9._:@|+=/-]{1,128}$/;

export const isRoomId = (text: string): boolean => CALLER_CHOSEN_ID.test(text);
export const isUserId = (text: string): boolean => USER_ID.test(text);
