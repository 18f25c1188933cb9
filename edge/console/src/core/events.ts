// Made by `make types` from the AsyncAPI document; not to be edited.
//
// Every event with its payload and its answer, for `Socket<ServerToClientEvents, ClientToServerEvents>` of
// socket.io-client. Socket.IO finds the type of an answer only where the callback is not optional; so it is
// optional only for events whose answer says nothing.

export type RoomRole = "owner" | "moderator" | "member" | "viewer";
/** A role in the whole platform. */
export type Role = string;
export type Visibility = "public" | "private";
export type RoomId = string;
export type RoomType = "discussion" | "collaboration" | "interview" | "contest";
/** `<ms>-<seq>`: orders by both parts as integers. */
export type EventId = string;
/** Why an event was refused. */
export type ErrorCode =
  | "invalid-payload"
  | "unknown-event"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "gone"
  | "rate-limited"
  | "too-large"
  | "muted"
  | "banned"
  | "unavailable"
  | "internal";
export type ReportStatus = "open" | "resolved";
export type UserId = string;
export type RoomScope = "public" | "mine";
/** `mark-notification-read`: one, some, or all notifications are read. */
export type MarkNotificationRead =
  | {
      notificationId: EventId;
      /** The same again within 10 minutes gets the first answer and causes nothing twice. */
      requestId?: string;
    }
  | {
      /** @maxItems 100 */
      notificationIds: EventId[];
      /** The same again within 10 minutes gets the first answer and causes nothing twice. */
      requestId?: string;
    }
  | {
      all: true;
      /** The same again within 10 minutes gets the first answer and causes nothing twice. */
      requestId?: string;
      upTo?: EventId;
    };
export type Status = "active" | "idle" | "busy";
/** @maxItems 10 */
export type Mentions = string[];
/** What kind of message one is. */
export type MessageKind = "text" | "code" | "system";
export type ReportAction = "dismiss" | "delete-message" | "mute" | "ban";
export type ReportReason = "spam" | "harassment" | "cheating" | "other";
export type WrittenKind = "text" | "code";

/** Who may enter a room. */
export interface Access {
  /** Users with their role in the room. */
  members?: {
    [k: string]: RoomRole;
  };
  /** Narrows a public room to holders of one of these. */
  roles?: Role[];
  /** Public or private. */
  visibility: Visibility;
}
/** The payload of `auth-expiring`. */
export interface AuthExpiring {
  /** When the token expires, milliseconds since the epoch. */
  expiresAt: number;
}
/** `close-room`: ends the room for everyone. */
export interface CloseRoom {
  /** Makes a retry safe. */
  requestId?: string;
  /** The room. */
  roomId: RoomId;
}
/** `create-room`: makes a room that the caller owns. */
export interface CreateRoom {
  /** Who may enter; the type's default where it is left out. */
  access?: Access;
  /** Most members present at a time. */
  maxMembers?: number;
  /** Shown to others; the id where there is none. */
  name?: string;
  /** Makes a retry safe. */
  requestId?: string;
  /** Chosen by the caller, else derived from user and request. */
  roomId?: RoomId;
  /** What it is for. */
  type: RoomType;
}
/** `delete-message`: a tombstone stays. */
export interface DeleteMessage {
  /** The message. */
  messageId: EventId;
  /** Makes a retry safe. */
  requestId?: string;
  /** The room. */
  roomId: RoomId;
}
/** An answer that says nothing but that it is done. */
export interface Done {}
/** `edit-message`: the author writes it anew, within 24 hours. */
export interface EditMessage {
  /** What it says from now on. */
  content: string;
  /** The message. */
  messageId: EventId;
  /** Makes a retry safe. */
  requestId?: string;
  /** The room. */
  roomId: RoomId;
}
/** Why an event was refused. */
export interface ErrorBody {
  /** A word that programs decide by. */
  code: ErrorCode;
  /** More about it. */
  details?: ErrorDetails;
  /** A sentence for people. */
  message: string;
  /** When a retry makes sense, milliseconds from now. */
  retryAfterMs?: number;
}
/** More about a refusal. */
export interface ErrorDetails {
  /** The payload's field that is at fault, as a path. */
  field?: string;
  /** `unknown` where the event may have been applied all the same. */
  outcome?: string;
  /** When the mute or ban ends that says no, milliseconds since the epoch; never where it is left out. */
  until?: number;
}
/** The payload of `error`. */
export interface Failed {
  /** A word that programs decide by. */
  code: ErrorCode;
  /** More about it. */
  details?: ErrorDetails;
  /** The event that was refused. */
  event: string;
  /** A sentence for people. */
  message: string;
  /** When a retry makes sense, milliseconds from now. */
  retryAfterMs?: number;
}
/** `get-members`: a page of who is present. */
export interface GetMembers {
  /** `nextCursor` of the page before. */
  cursor?: string;
  /** Most members. */
  limit?: number;
  /** The room. */
  roomId: RoomId;
}
/** `get-messages`: a page of a room's messages. */
export interface GetMessages {
  /** Only messages after this one, from the oldest. */
  after?: EventId;
  /** Only messages before this one. */
  before?: EventId;
  /** Most messages. */
  limit?: number;
  /** The room. */
  roomId: RoomId;
  /** Only this thread's messages. */
  threadId?: EventId;
}
/** `get-notifications`: a page of the user's notifications, the newest first. */
export interface GetNotifications {
  /** Only those before this one. */
  before?: EventId;
  /**
   * Only those of these kinds; all where it is empty.
   *
   * @maxItems 100
   */
  kinds?: string[];
  /** Most notifications. */
  limit?: number;
  /** Only those that are not read. */
  unreadOnly?: boolean;
}
/** `get-reports`: a page of a room's reports, the newest first. */
export interface GetReports {
  /** `nextCursor` of the page before. */
  cursor?: string;
  /** Most reports. */
  limit?: number;
  /** The room. */
  roomId: RoomId;
  /** Only those that are this far. */
  status?: ReportStatus;
}
/** `get-unread`: how many messages wait in rooms that the user belongs to. */
export interface GetUnread {
  /**
   * These rooms, at most 100; the user's newest where none is named.
   *
   * @maxItems 100
   */
  roomIds?: RoomId[];
}
/** The room that the event concerned. */
export interface InRoom {
  /** The room. */
  roomId: RoomId;
}
/** `invite-to-room`: puts a user on the room's access list and tells them. */
export interface InviteToRoom {
  /** Makes a retry safe. */
  requestId?: string;
  /** The room. */
  roomId: RoomId;
  /** As what; `member` where it is left out. */
  roomRole?: RoomRole;
  /** Who is invited. */
  userId: UserId;
}
/** `join-room`: enters a room with this connection. */
export interface JoinRoom {
  /** Accepted for safe retries; joining twice is joining once. */
  requestId?: string;
  /** The room. */
  roomId: RoomId;
  /** The newest event of the room that the client has; it gets what came after. */
  since?: EventId;
  /** The type of a room that is made by this. */
  type?: RoomType;
}
/** `leave-room`: leaves a room with all connections. */
export interface LeaveRoom {
  /** Makes a retry safe. */
  requestId?: string;
  /** The room. */
  roomId: RoomId;
}
/** `list-rooms`: a page of rooms, the newest first. */
export interface ListRooms {
  /** `nextCursor` of the page before. */
  cursor?: string;
  /** Most rooms. */
  limit?: number;
  /** Which rooms. */
  scope: RoomScope;
  /** Only rooms of this type. */
  type?: RoomType;
}
/** `mark-read`: the user has read the room up to a message. */
export interface MarkRead {
  /** The newest message that was read. */
  messageId: EventId;
  /** Makes a retry safe. */
  requestId?: string;
  /** The room. */
  roomId: RoomId;
}
/** A user who is present in a room. */
export interface Member {
  /** The user's id. */
  id: UserId;
  /** Since when the user is present, milliseconds since the epoch. */
  joinedAt: number;
  /** The name that others see. */
  name: string;
  /** What the user is in the room. */
  roomRole: RoomRole;
  /** How the user is. */
  status: Status;
}
/** A page of who is present. */
export interface Members {
  /** How many are present. */
  memberCount: number;
  /** Those present, by when they came. */
  members: Member[];
  /** Where the next page begins; left out on the last. */
  nextCursor?: string;
}
/** A message in its current state. */
export interface Message {
  /** What it says; empty where it was deleted. */
  content: string;
  /** When it was sent, milliseconds since the epoch. */
  createdAt: number;
  /** When it was deleted. */
  deletedAt?: number;
  /** When it was edited last. */
  editedAt?: number;
  /** Its id, by which messages are ordered. */
  id: EventId;
  /** What it is. */
  kind: MessageKind;
  /** The language of code. */
  language?: string;
  /** Users that it names, at most 10. */
  mentions: UserId[];
  /** Reactions by emoji. */
  reactions: {
    [k: string]: Reaction;
  };
  /** What it answers. */
  replyTo?: Quote;
  /** Its room. */
  roomId: RoomId;
  /** Who wrote it. */
  sender: User;
  /** The message that began its thread. */
  threadId?: EventId;
}
/** Who reacted with one emoji. */
export interface Reaction {
  /** How many users. */
  count: number;
  /** Whether the one who asked is among all of them; only in answers. */
  me?: boolean;
  /** The first 20 of them. */
  users: UserId[];
}
/** What an answer shows of the message that it answers. */
export interface Quote {
  /** How it begins; empty where it was deleted or is no longer kept. */
  excerpt: string;
  /** The answered message. */
  id: EventId;
  /** Who wrote it. */
  sender: User;
}
/** A user. */
export interface User {
  /** The user's id. */
  id: UserId;
  /** The name that others see. */
  name: string;
}
/** The payload of `message-received` and `message-edited`. */
export interface MessageChanged {
  /** The event's id. */
  id: EventId;
  /** The message. */
  message: Message;
  /** The room. */
  roomId: RoomId;
}
/** The payload of `message-deleted`. */
export interface MessageDeleted {
  /** Who deleted it. */
  deletedBy: User;
  /** The event's id. */
  id: EventId;
  /** The message. */
  messageId: EventId;
  /** The room. */
  roomId: RoomId;
}
/** The payload of `message-reaction`. */
export interface MessageReaction {
  /** The event's id. */
  id: EventId;
  /** The message. */
  messageId: EventId;
  /** All of its reactions. */
  reactions: {
    [k: string]: Reaction;
  };
  /** The room. */
  roomId: RoomId;
}
/** The payload of `message-reported` and `report-resolved`. */
export interface MessageReported {
  /** The event's id. */
  id: EventId;
  /** The report. */
  report: Report;
  /** The room. */
  roomId: RoomId;
}
/** A report of a message. */
export interface Report {
  /** What was done. */
  action?: ReportAction;
  /** In the reporter's words. */
  comment?: string;
  /** When it was reported, milliseconds since the epoch. */
  createdAt: number;
  /** Its id. */
  id: EventId;
  /** The message as it was when it was reported. */
  message: Message;
  /** The message. */
  messageId: EventId;
  /** In the moderator's words. */
  note?: string;
  /** What is wrong with it. */
  reason: ReportReason;
  /** Who reported it. */
  reporter: User;
  /** When it was resolved. */
  resolvedAt?: number;
  /** Who decided. */
  resolvedBy?: User;
  /** The room. */
  roomId: RoomId;
  /** How far it has come. */
  status: ReportStatus;
}
/** A page of messages. */
export interface Messages {
  /** Whether there are more in the direction of the question. */
  hasMore: boolean;
  /** The messages, the oldest first. */
  messages: Message[];
}
/** The payload of `messages-read`. */
export interface MessagesRead {
  /** The newest message that was read. */
  messageId: EventId;
  /** The room. */
  roomId: RoomId;
  /** Who read: the user of the connection. */
  user: User;
}
/** What happened in a room after an event. */
export interface Missed {
  /** False where the log does not reach back, or there is more. */
  complete: boolean;
  /** The oldest events of it, at most 500. */
  events: MissedEvent[];
}
/** An event with the payload that it had. */
export interface MissedEvent {
  /** The event's name. */
  event: string;
  /** Its payload. */
  payload: {
    [k: string]: unknown;
  };
}
/** A notification. */
export interface Notification {
  /** More, or empty. */
  body: string;
  /** When it was sent, milliseconds since the epoch. */
  createdAt: number;
  /** For programs; what it holds depends on the kind. */
  data: {
    [k: string]: unknown;
  };
  /** When it is over. */
  expiresAt?: number;
  /** Its id. */
  id: EventId;
  /** What it is about, in a word: `mention`, `invitation`, or another. */
  kind: string;
  /** When it was read. */
  readAt?: number;
  /** A line. */
  title: string;
}
/** The payload of `notification-read`. */
export interface NotificationRead {
  /** Whether all were. */
  all?: boolean;
  /** Which were read. */
  notificationIds?: EventId[];
  /** How many are not read now. */
  unreadCount: number;
  /** All up to this one. */
  upTo?: EventId;
}
/** A page of notifications. */
export interface Notifications {
  /** Whether there are older ones. */
  hasMore: boolean;
  /** The notifications, the newest first. */
  notifications: Notification[];
  /** How many are not read. */
  unreadCount: number;
}
/** The payload of `notification`: the notification and a count. */
export interface Notified {
  /** More, or empty. */
  body: string;
  /** When it was sent, milliseconds since the epoch. */
  createdAt: number;
  /** For programs; what it holds depends on the kind. */
  data: {
    [k: string]: unknown;
  };
  /** When it is over. */
  expiresAt?: number;
  /** Its id. */
  id: EventId;
  /** What it is about, in a word: `mention`, `invitation`, or another. */
  kind: string;
  /** When it was read. */
  readAt?: number;
  /** A line. */
  title: string;
  /** How many of the user's notifications are not read now. */
  unreadCount: number;
}
/** The message that the event concerned. */
export interface OnMessage {
  /** The message. */
  messageId: EventId;
}
/** The report that the event made, or that there was. */
export interface OnReport {
  /** The report. */
  reportId: EventId;
}
/** The room and the user that the event concerned. */
export interface OnUser {
  /** The room. */
  roomId: RoomId;
  /** The user. */
  userId: UserId;
}
/** `react`: sets a reaction of the user to a message, or takes it away. */
export interface React {
  /** With what. */
  emoji: string;
  /** The message. */
  messageId: EventId;
  /** Whether it is set or taken away. */
  on: boolean;
  /** Makes a retry safe. */
  requestId?: string;
  /** The room. */
  roomId: RoomId;
}
/** `refresh-token`: the connection goes on with this token. The edge answers it. */
export interface RefreshToken {
  /** A JWT of the same user. */
  token: string;
}
/** `remove-member`: puts a user out and ends their belonging. */
export interface RemoveMember {
  /** Why. */
  reason?: string;
  /** Makes a retry safe. */
  requestId?: string;
  /** The room. */
  roomId: RoomId;
  /** Who is removed. */
  userId: UserId;
}
/** `report-message`: shows a message to those who moderate. */
export interface ReportMessage {
  /** In the reporter's words. */
  comment?: string;
  /** The message. */
  messageId: EventId;
  /** What is wrong with it. */
  reason: ReportReason;
  /** Makes a retry safe. */
  requestId?: string;
  /** The room. */
  roomId: RoomId;
}
/** A page of reports. */
export interface Reports {
  /** Where the next page begins; left out on the last. */
  nextCursor?: string;
  /** The reports, the newest first. */
  reports: Report[];
}
/** `resolve-report`: decides about a report, once. */
export interface ResolveReport {
  /** What is done. */
  action: ReportAction;
  /** How long a mute or ban lasts; for ever where it is left out. */
  durationMs?: number;
  /** In the moderator's words; for moderators. */
  note?: string;
  /** The report. */
  reportId: EventId;
  /** Makes a retry safe. */
  requestId?: string;
  /** The room. */
  roomId: RoomId;
}
/** A room. */
export interface Room {
  /** Who may enter; only for its owner and admins. */
  access?: Access;
  /** When it was made, milliseconds since the epoch. */
  createdAt: number;
  /** Who made it. */
  createdBy: UserId;
  /** Its id. */
  id: RoomId;
  /** Most members present at a time. */
  maxMembers?: number;
  /** Its name. */
  name: string;
  /** The least time between two messages of a user, milliseconds; 0 where there is none. */
  slowModeMs: number;
  /** What it is for. */
  type: RoomType;
}
/** The payload of `room-closed`. */
export interface RoomClosed {
  /** The event's id. */
  id: EventId;
  /** The room. */
  roomId: RoomId;
}
/** A room as it is handed over to who enters it. */
export interface RoomJoined {
  /** The event's id. */
  id: EventId;
  /** How many are present. */
  memberCount: number;
  /** Those present, at most 200. */
  members: Member[];
  /** What was missed, where the request said `since`. */
  missed?: Missed;
  /** The last 50 messages, the oldest first. */
  recentMessages: Message[];
  /** The room. */
  room: Room;
  /** The room's id. */
  roomId: RoomId;
}
/** The payload of `room-left`. */
export interface RoomLeft {
  /** What the one who removed the user says about it. */
  message?: string;
  /** `left`, `removed` or `banned`. */
  reason: string;
  /** The room. */
  roomId: RoomId;
}
/** The payload of `room-presence`. */
export interface RoomPresence {
  /** Who came, at most 50 of them. */
  joined: User[];
  /** Who left, at most 50 of them. */
  left: User[];
  /** How many are present now. */
  memberCount: number;
  /** The room. */
  roomId: RoomId;
}
/** The payload of `room-updated`. */
export interface RoomUpdated {
  /** The event's id. */
  id: EventId;
  /** The room. */
  room: Room;
  /** The room's id. */
  roomId: RoomId;
}
/** A page of rooms. */
export interface Rooms {
  /** Where the next page begins; left out on the last. */
  nextCursor?: string;
  /** The rooms, the newest first. */
  rooms: Room[];
}
/** `mute-user`, `unmute-user`, `ban-user`, `unban-user`. */
export interface SanctionUser {
  /** How long it lasts; for ever where it is left out. */
  durationMs?: number;
  /** Why. */
  reason?: string;
  /** Makes a retry safe. */
  requestId?: string;
  /** The room. */
  roomId: RoomId;
  /** Whom it concerns. */
  userId: UserId;
}
/** A mute or ban, or its end. */
export interface Sanctioned {
  /** The room. */
  roomId: RoomId;
  /** When it is over, milliseconds since the epoch; never where it is left out. */
  until?: number;
  /** Whom it concerns. */
  userId: UserId;
}
/** `send-message`: adds a message to a room. */
export interface SendMessage {
  /** What is said. */
  content: string;
  /** Prose or code. */
  kind?: WrittenKind & string;
  /** The language of code. */
  language?: string;
  /** Users to be told. */
  mentions?: Mentions;
  /** The message that is answered. */
  replyTo?: EventId;
  /** Makes a retry safe. */
  requestId?: string;
  /** The room. */
  roomId: RoomId;
  /** The message that began the thread. */
  threadId?: EventId;
}
/** `set-slow-mode`: the least time between two messages of a user in the room; 0 ends it. */
export interface SetSlowMode {
  /** Milliseconds. */
  intervalMs: number;
  /** Makes a retry safe. */
  requestId?: string;
  /** The room. */
  roomId: RoomId;
}
/** `set-status`: tells the rooms that the user is in. */
export interface SetStatus {
  /** Makes a retry safe. */
  requestId?: string;
  /** The status from now on. */
  status: Status;
}
/** A message. */
export interface TheMessage {
  /** The message. */
  message: Message;
}
/** A message's reactions. */
export interface TheReactions {
  /** All of them. */
  reactions: {
    [k: string]: Reaction;
  };
}
/** A report. */
export interface TheReport {
  /** The report. */
  report: Report;
}
/** A room. */
export interface TheRoom {
  /** The room. */
  room: Room;
}
/** The user's status. */
export interface TheStatus {
  /** How the user is now. */
  status: Status;
}
/** When the connection's token expires. */
export interface TokenLife {
  /** Milliseconds since the epoch. */
  expiresAt: number;
}
/** `typing-start` and `typing-stop`: tells the others. */
export interface Typing {
  /** The room. */
  roomId: RoomId;
}
/** How much of a room is not read. */
export interface Unread {
  /** The room. */
  roomId: RoomId;
  /** Messages that are not read, up to 999. */
  unread: number;
}
/** How much is not read, by room. */
export interface UnreadByRoom {
  /** Messages that are not read, up to 999, in each room that the user belongs to. */
  rooms: {
    [k: string]: number;
  };
}
/** How many notifications are not read. */
export interface UnreadCount {
  /** How many. */
  unreadCount: number;
}
/** `update-room`: changes what is given. */
export interface UpdateRoom {
  /** Who may enter from now on. */
  access?: Access;
  /** Most members present at a time. */
  maxMembers?: number;
  /** Its new name. */
  name?: string;
  /** Makes a retry safe. */
  requestId?: string;
  /** The room. */
  roomId: RoomId;
}
/** The payload of `user-joined-room`. */
export interface UserJoinedRoom {
  /** The event's id. */
  id: EventId;
  /** How many are present now. */
  memberCount: number;
  /** The room. */
  roomId: RoomId;
  /** Who came. */
  user: User;
}
/** The payload of `user-left-room`. */
export interface UserLeftRoom {
  /** The event's id. */
  id: EventId;
  /** How many are present now. */
  memberCount: number;
  /** `left`, `disconnected`, `removed` or `banned`. */
  reason: string;
  /** The room. */
  roomId: RoomId;
  /** Who left. */
  user: User;
}
/** The payload of `user-muted`, `user-unmuted`, `user-banned` and `user-unbanned`. */
export interface UserSanctioned {
  /** Who did it. */
  by: User;
  /** The event's id. */
  id: EventId;
  /** Why. */
  reason?: string;
  /** The room. */
  roomId: RoomId;
  /** When it is over, milliseconds since the epoch; never where it is left out. */
  until?: number;
  /** Whom it concerns. */
  user: User;
}
/** The payload of `user-status-changed`. */
export interface UserStatusChanged {
  /** How they are now. */
  status: Status;
  /** Who. */
  user: User;
}
/** The payload of `user-typing`. */
export interface UserTyping {
  /** Whether they type. */
  isTyping: boolean;
  /** The room. */
  roomId: RoomId;
  /** Who. */
  user: User;
}

/** What an acknowledgement says. */
export type Answer<Result> = ({ ok: true } & Result) | { ok: false; error: ErrorBody };

/** The events that clients send. */
export interface ClientToServerEvents {
  /** Puts a user out of a room and keeps them out. */
  "ban-user": (payload: SanctionUser, ack: (answer: Answer<Sanctioned>) => void) => void;
  /** Ends a room for everyone. */
  "close-room": (payload: CloseRoom, ack: (answer: Answer<InRoom>) => void) => void;
  /** Makes a room that the caller owns. */
  "create-room": (payload: CreateRoom, ack: (answer: Answer<TheRoom>) => void) => void;
  /** Takes a message's content away; a tombstone stays. */
  "delete-message": (payload: DeleteMessage, ack: (answer: Answer<OnMessage>) => void) => void;
  /** Gives an own message other words, within 24 hours. */
  "edit-message": (payload: EditMessage, ack: (answer: Answer<TheMessage>) => void) => void;
  /** Gives a page of who is present in a room. */
  "get-members": (payload: GetMembers, ack: (answer: Answer<Members>) => void) => void;
  /** Gives a page of a room's messages. */
  "get-messages": (payload: GetMessages, ack: (answer: Answer<Messages>) => void) => void;
  /** Gives a page of the user's notifications. */
  "get-notifications": (payload: GetNotifications, ack: (answer: Answer<Notifications>) => void) => void;
  /** Gives a page of a room's reports to those who moderate. */
  "get-reports": (payload: GetReports, ack: (answer: Answer<Reports>) => void) => void;
  /** Counts what the caller has not read in rooms that the caller belongs to. */
  "get-unread": (payload: GetUnread, ack: (answer: Answer<UnreadByRoom>) => void) => void;
  /** Lets a user into a room and tells them. */
  "invite-to-room": (payload: InviteToRoom, ack: (answer: Answer<OnUser>) => void) => void;
  /** Enters a room, which is made if there is none. */
  "join-room": (payload: JoinRoom, ack: (answer: Answer<RoomJoined>) => void) => void;
  /** Leaves a room with all of the user's connections. */
  "leave-room": (payload: LeaveRoom, ack: (answer: Answer<InRoom>) => void) => void;
  /** Gives a page of the public rooms, or of the caller's own. */
  "list-rooms": (payload: ListRooms, ack: (answer: Answer<Rooms>) => void) => void;
  /** Marks notifications as read. */
  "mark-notification-read": (payload: MarkNotificationRead, ack: (answer: Answer<UnreadCount>) => void) => void;
  /** Marks a room as read up to a message. */
  "mark-read": (payload: MarkRead, ack: (answer: Answer<Unread>) => void) => void;
  /** Keeps a user from writing in a room. */
  "mute-user": (payload: SanctionUser, ack: (answer: Answer<Sanctioned>) => void) => void;
  /** Sets a reaction to a message, or takes it away. */
  "react": (payload: React, ack: (answer: Answer<TheReactions>) => void) => void;
  /** Lets the connection go on with a newer token. */
  "refresh-token": (payload: RefreshToken, ack: (answer: Answer<TokenLife>) => void) => void;
  /** Puts a user out of a room and ends their belonging to it. */
  "remove-member": (payload: RemoveMember, ack: (answer: Answer<OnUser>) => void) => void;
  /** Shows a message to those who moderate. */
  "report-message": (payload: ReportMessage, ack: (answer: Answer<OnReport>) => void) => void;
  /** Decides about a report, once. */
  "resolve-report": (payload: ResolveReport, ack: (answer: Answer<TheReport>) => void) => void;
  /** Adds a message to a room. */
  "send-message": (payload: SendMessage, ack: (answer: Answer<TheMessage>) => void) => void;
  /** Sets the least time between two messages of a user in a room. */
  "set-slow-mode": (payload: SetSlowMode, ack: (answer: Answer<TheRoom>) => void) => void;
  /** Tells the user's rooms how the user is. */
  "set-status": (payload: SetStatus, ack: (answer: Answer<TheStatus>) => void) => void;
  /** Tells the others in a room that the user types; ends by itself after 5 s. */
  "typing-start": (payload: Typing, ack?: (answer: Answer<Done>) => void) => void;
  /** Tells the others in a room that the user stopped typing. */
  "typing-stop": (payload: Typing, ack?: (answer: Answer<Done>) => void) => void;
  /** Lets a banned user come back. */
  "unban-user": (payload: SanctionUser, ack: (answer: Answer<Sanctioned>) => void) => void;
  /** Lets a muted user write again. */
  "unmute-user": (payload: SanctionUser, ack: (answer: Answer<Sanctioned>) => void) => void;
  /** Changes a room's name, access or size. */
  "update-room": (payload: UpdateRoom, ack: (answer: Answer<TheRoom>) => void) => void;
}

/** The events that the server sends. */
export interface ServerToClientEvents {
  /** The connection's token expires soon: send `refresh-token`. */
  "auth-expiring": (payload: AuthExpiring) => void;
  /** An event that was sent without an ack callback was refused. */
  "error": (payload: Failed) => void;
  /** A message's content is gone; its tombstone stays. */
  "message-deleted": (payload: MessageDeleted) => void;
  /** A message says something else. */
  "message-edited": (payload: MessageChanged) => void;
  /** The reactions to a message are others. */
  "message-reaction": (payload: MessageReaction) => void;
  /** A new message. */
  "message-received": (payload: MessageChanged) => void;
  /** Somebody reported a message; for those who moderate. */
  "message-reported": (payload: MessageReported) => void;
  /** The user has read a room up to a message, with another connection. */
  "messages-read": (payload: MessagesRead) => void;
  /** The user has a new notification. */
  "notification": (payload: Notified) => void;
  /** The user has read notifications, with another connection. */
  "notification-read": (payload: NotificationRead) => void;
  /** A colleague resolved a report; for those who moderate. */
  "report-resolved": (payload: MessageReported) => void;
  /** A room was closed for everyone. */
  "room-closed": (payload: RoomClosed) => void;
  /** The connection is in a room; the same object as the answer to `join-room`. */
  "room-joined": (payload: RoomJoined) => void;
  /** The user is out of a room with all connections. */
  "room-left": (payload: RoomLeft) => void;
  /** Who came into a larger room and who left it, once per second at most. */
  "room-presence": (payload: RoomPresence) => void;
  /** A room looks otherwise than before. */
  "room-updated": (payload: RoomUpdated) => void;
  /** Somebody may not be in a room. */
  "user-banned": (payload: UserSanctioned) => void;
  /** Somebody else came into a room of up to 200 members. */
  "user-joined-room": (payload: UserJoinedRoom) => void;
  /** Somebody else left a room of up to 200 members. */
  "user-left-room": (payload: UserLeftRoom) => void;
  /** Somebody may not write in a room. */
  "user-muted": (payload: UserSanctioned) => void;
  /** Somebody in one of the user's rooms is in another way than before. */
  "user-status-changed": (payload: UserStatusChanged) => void;
  /** Somebody else in a room types, or stopped. */
  "user-typing": (payload: UserTyping) => void;
  /** Somebody may be in a room again. */
  "user-unbanned": (payload: UserSanctioned) => void;
  /** Somebody may write in a room again. */
  "user-unmuted": (payload: UserSanctioned) => void;
}
