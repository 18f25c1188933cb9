// The part of the service's event contract that this page uses: payloads, answers, and what the server sends.
// Times are milliseconds since the epoch; ids of events and messages are `<ms>-<seq>`.

export interface User {
  id: string;
  name: string;
}

export type RoomRole = "owner" | "moderator" | "member" | "viewer";

export type Status = "active" | "idle" | "busy";

export interface Member extends User {
  roomRole?: RoomRole;
  status?: Status;
  joinedAt?: number;
}

export type RoomType = "discussion" | "collaboration" | "interview" | "contest";

export interface Room {
  id: string;
  type: RoomType;
  name?: string;
  createdAt: number;
  /** For the owner and admins only. */
  access?: Access;
  maxMembers?: number;
  /** Least time between two messages of one person; 0 where there is no such limit. */
  slowModeMs?: number;
}

export interface Access {
  visibility: "public" | "private";
  /** Narrows a public room to holders of one of these roles. */
  roles?: string[];
  members?: Record<string, RoomRole>;
}

export interface Message {
  id: string;
  roomId: string;
  sender: User;
  kind: "text" | "code" | "system";
  content: string;
  language?: string;
  replyTo?: Quote;
  /** The id of the message that began the thread. */
  threadId?: string;
  mentions: string[];
  reactions: Reactions;
  createdAt: number;
  editedAt?: number;
  deletedAt?: number;
}

/** What an answer says of the message that is answered. */
export interface Quote {
  id: string;
  sender: User;
  excerpt: string;
}

export interface Reaction {
  count: number;
  /** The ids of the first 20. */
  users: string[];
  /** In answers only, and there only where it is true. */
  me?: boolean;
}

/** By emoji. */
export type Reactions = Readonly<Record<string, Reaction>>;

export type ReportReason = "spam" | "harassment" | "cheating" | "other";

export type ReportAction = "dismiss" | "delete-message" | "mute" | "ban";

export interface Report {
  id: string;
  roomId: string;
  messageId: string;
  /** As it was when it was reported. */
  message: Message;
  reporter: User;
  reason: ReportReason;
  comment?: string;
  status: "open" | "resolved";
  action?: ReportAction;
  resolvedBy?: User;
  createdAt: number;
  resolvedAt?: number;
}

export interface Notification {
  id: string;
  /** `mention`, `invitation`, or any other word. */
  kind: string;
  title: string;
  body: string;
  data?: { roomId?: string; messageId?: string };
  createdAt: number;
  readAt?: number;
  expiresAt?: number;
}

/** What somebody wants to say, before the server gave it an id. */
export interface Draft {
  content: string;
  kind: "text" | "code";
  language?: string;
  /** A message's id. */
  replyTo?: string;
  threadId?: string;
  mentions?: string[];
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
    payload: { type: RoomType; name: string; access: Access; maxMembers?: number; requestId: string };
    answer: { room: Room };
  };
  "update-room": {
    payload: { roomId: string; name?: string; access?: Access; maxMembers?: number; requestId: string };
    answer: { room: Room };
  };
  "close-room": { payload: { roomId: string; requestId: string }; answer: { roomId: string } };
  "list-rooms": {
    payload: { scope: "public" | "mine"; type?: RoomType; cursor?: string; limit?: number };
    answer: { rooms: Room[]; nextCursor?: string };
  };
  "invite-to-room": {
    payload: { roomId: string; userId: string; roomRole: RoomRole; requestId: string };
    answer: { roomId: string; userId: string };
  };
  "remove-member": { payload: OnUser; answer: { roomId: string; userId: string } };
  "set-status": { payload: { status: Status }; answer: { status: Status } };
  "set-slow-mode": { payload: { roomId: string; intervalMs: number; requestId: string }; answer: { room: Room } };
  "mute-user": { payload: OnUser & { durationMs?: number }; answer: Sanctioned };
  "unmute-user": { payload: OnUser; answer: Sanctioned };
  "ban-user": { payload: OnUser & { durationMs?: number }; answer: Sanctioned };
  "unban-user": { payload: OnUser; answer: Sanctioned };
  "get-reports": {
    payload: { roomId: string; status: Report["status"]; cursor?: string; limit?: number };
    answer: { reports: Report[]; nextCursor?: string };
  };
  "resolve-report": {
    payload: {
      roomId: string;
      reportId: string;
      action: ReportAction;
      durationMs?: number;
      note?: string;
      requestId: string;
    };
    answer: { report: Report };
  };
  "get-notifications": {
    payload: { before?: string; limit?: number };
    answer: { notifications: Notification[]; unreadCount: number; hasMore: boolean };
  };
  "mark-notification-read": {
    payload: ({ notificationIds: string[] } | { all: true; upTo?: string }) & { requestId: string };
    answer: { unreadCount: number };
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
    payload: { roomId: string; before?: string; after?: string; limit?: number; threadId?: string };
    answer: { messages: Message[]; hasMore: boolean };
  };
  "edit-message": { payload: { roomId: string; messageId: string; content: string }; answer: { message: Message } };
  "delete-message": { payload: { roomId: string; messageId: string }; answer: { messageId: string } };
  react: {
    payload: { roomId: string; messageId: string; emoji: string; on: boolean };
    answer: { reactions: Reactions };
  };
  "mark-read": { payload: { roomId: string; messageId: string }; answer: { roomId: string; unread: number } };
  "get-unread": { payload: { roomIds?: string[] }; answer: { rooms: Record<string, number> } };
  "report-message": {
    payload: { roomId: string; messageId: string; reason: ReportReason; comment?: string; requestId: string };
    answer: { reportId: string };
  };
  "typing-start": { payload: { roomId: string }; answer: object };
  "typing-stop": { payload: { roomId: string }; answer: object };
  "refresh-token": { payload: { token: string }; answer: object };
}

interface OnUser {
  roomId: string;
  userId: string;
  reason?: string;
  requestId: string;
}

interface Sanctioned {
  roomId: string;
  userId: string;
  /** Absent where it has no end. */
  until?: number;
}

interface InRoom {
  id: string;
  roomId: string;
}

/** Somebody was muted or banned, or is so no longer. */
export interface SanctionTold extends InRoom {
  user: User;
  by: User;
  until?: number;
  reason?: string;
}

/** Each event that the server sends and this page listens to. */
export interface ServerEvents {
  "message-received": InRoom & { message: Message };
  "message-edited": InRoom & { message: Message };
  "message-deleted": InRoom & { messageId: string; deletedBy: User };
  "message-reaction": InRoom & { messageId: string; reactions: Reactions };
  "messages-read": { roomId: string; user: User; messageId: string };
  "user-joined-room": InRoom & { user: User; memberCount: number };
  "user-left-room": InRoom & { user: User; memberCount: number; reason?: string };
  "room-presence": { roomId: string; memberCount: number; joined: User[]; left: User[] };
  "room-updated": InRoom & { room: Room };
  "room-left": { roomId: string; reason?: string };
  "room-closed": InRoom;
  "user-typing": { roomId: string; user: User; isTyping: boolean };
  "user-status-changed": { user: User; status: Status };
  "user-muted": SanctionTold;
  "user-unmuted": SanctionTold;
  "user-banned": SanctionTold;
  "user-unbanned": SanctionTold;
  "message-reported": { report: Report };
  "report-resolved": { id: string; roomId: string; report: Report };
  /** To one person, with the new count; to many, with what it grew by. */
  notification: Notification & { unreadCount?: number; unreadDelta?: number };
  "notification-read": { notificationIds?: string[]; all?: true; upTo?: string; unreadCount: number };
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
