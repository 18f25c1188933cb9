// The generated types do what users of Socket.IO expect of them. The compiler is the test: nothing runs this.
import type { Socket } from "socket.io-client";
import type { Answer, ClientToServerEvents, Message, ServerToClientEvents, TheMessage } from "./events.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

declare const socket: Socket<ServerToClientEvents, ClientToServerEvents>;
const said = { roomId: "graphs", content: "is it a tree?" };

export async function right(): Promise<Message | undefined> {
  socket.on("message-received", ({ message }) => message.sender.name.trim());
  socket.on("error", ({ code, retryAfterMs }) => code === "rate-limited" && retryAfterMs?.toFixed());
  socket.emit("typing-start", { roomId: "graphs" });
  socket.emit("send-message", said, (answer) => answer.ok || answer.error.code === "muted");
  socket.emit("list-rooms", { scope: "mine" }, (answer) => answer.ok && answer.rooms[0]?.access?.visibility);
  socket.emit("mark-notification-read", { all: true }, (answer) => answer.ok && answer.unreadCount.toFixed());

  const answer = await socket.emitWithAck("send-message", { ...said, replyTo: "1-0" });
  const same: Same<typeof answer, Answer<TheMessage>> = true;
  return answer.ok === same ? answer.message : undefined;
}

export async function wrong(): Promise<void> {
  // @ts-expect-error: there is no such event.
  socket.emit("send-mesage", said, () => undefined);
  // @ts-expect-error: the server does not send it.
  socket.on("send-message", () => undefined);
  // @ts-expect-error: the content is missing.
  await socket.emitWithAck("send-message", { roomId: "graphs" });
  // @ts-expect-error: no such field.
  await socket.emitWithAck("send-message", { ...said, colour: "red" });
  // @ts-expect-error: null says nothing that leaving out does not say.
  await socket.emitWithAck("send-message", { ...said, replyTo: null });
  // @ts-expect-error: not a status.
  await socket.emitWithAck("set-status", { status: "asleep" });
  // @ts-expect-error: neither which nor all.
  await socket.emitWithAck("mark-notification-read", { upTo: "1-0" });

  const answer = await socket.emitWithAck("join-room", { roomId: "graphs" });
  // @ts-expect-error: it may have been refused.
  answer.members.length;
}
