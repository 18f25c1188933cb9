// The part of the service's event contract that this page uses: payloads, answers, and what the server sends.
// Times are milliseconds since the epoch; ids of events and messages are `<ms>-<seq>`.

export interface User {
  id: string;
  name: string;
}

export interface Member extends User {
  roomRole?: "owner" | "moderator" | "member" | "viewer";
  status?: "active" | "idle" | "busy";
  joinedAt?: number;
}

export interface Room {
  id: string;
  type: "discussion" | "collaboration" | "interview" | "contest";
  name?: string;
  createdAt: number;
  access?: Access;
}

export interface Access {
  visibility: "public" | "private";
  members?: Record<string, "moderator" | "member" | "viewer">;
}

export interface Message {
  id: string;
  roomId: string;
  sender: User;
  kind: "text" | "code" | "system";
  content: string;
  language?: string;
  replyTo?: { id: string; sender: User; excerpt: string };
  createdAt: number;
  editedAt?: number;
  deletedAt?: number;
}

/** What somebody wants to say, before the server gave it an id. */
export interface Draft {
  content: string;
  kind: "text" | "code";
  language?: string;
}

export interface RoomJoined {
  id: string;
  roomId: string;
  room: Room;
  /** At most 200 of those present; `memberCount` is exact. */
  members: Member[];
  memberCount: number;
  /** The last 50, oldest first. */
  recentMessages: Message[];
  /** Only where the request said `since`. */
  missed?: { complete: boolean; events: { event: string; payload: unknown }[] };
}

/** Each event that a client sends: its payload and the answer to it. */
export interface Requests {
  "create-room": {
    payload: { type: Room["type"]; name: string; access: Access; requestId: string };
    answer: { room: Room };
  };
  "join-room": { payload: { roomId: string; since?: string }; answer: RoomJoined };
  "leave-room": { payload: { roomId: string }; answer: { roomId: string } };
  "get-members": {
    payload: { roomId: string; cursor?: string; limit?: number };
    answer: { members: Member[]; memberCount: number; nextCursor?: string };
  };
  "send-message": {
    payload: Draft & { roomId: string; requestId: string };
    answer: { message: Message };
  };
  "get-messages": {
    payload: { roomId: string; before?: string; limit?: number };
    answer: { messages: Message[]; hasMore: boolean };
  };
  "typing-start": { payload: { roomId: string }; answer: object };
  "typing-stop": { payload: { roomId: string }; answer: object };
  "refresh-token": { payload: { token: string }; answer: object };
}

interface InRoom {
  id: string;
  roomId: string;
}

/** Each event that the server sends and this page listens to. */
export interface ServerEvents {
  "message-received": InRoom & { message: Message };
  "message-edited": InRoom & { message: Message };
  "message-deleted": InRoom & { messageId: string };
  "user-joined-room": InRoom & { user: User; memberCount: number };
  "user-left-room": InRoom & { user: User; memberCount: number; reason?: string };
  "room-presence": { roomId: string; memberCount: number; joined: User[]; left: User[] };
  "room-updated": InRoom & { room: Room };
  "room-left": { roomId: string; reason?: string };
  "room-closed": InRoom;
  "user-typing": { roomId: string; user: User; isTyping: boolean };
  "user-status-changed": { user: User; status: NonNullable<Member["status"]> };
  "auth-expiring": { expiresAt: number };
  error: ErrorBody & { event?: string };
}

export interface ErrorBody {
  code: string;
  message: string;
  details?: unknown;
  retryAfterMs?: number;
}

export type Answer<Result> = ({ ok: true } & Result) | { ok: false; error: ErrorBody };

export const CONTENT_CHARACTERS_MAX = 4_000;
export const RECENT_MESSAGES = 50;
export const PAGE_MESSAGES_MAX = 100;
/** Above this many members the server tells of joins in batches and of typing not at all. */
export const MEMBERS_TOLD_SINGLY_MAX = 200;

const CALLER_CHOSEN_ID = /^[A-Za-z0-9._:@-]{1,128}$/;
const USER_ID = /^[A-Za-z0-9._:@|+=/-]{1,128}$/;

export const isRoomId = (text: string): boolean => CALLER_CHOSEN_ID.test(text);
export const isUserId = (text: string): boolean => USER_ID.test(text);
