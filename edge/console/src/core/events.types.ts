import type { Socket } from "socket.io-client";
import type { ClientToServerEvents, ServerToClientEvents } from "./events.ts";
declare const socket: Socket<ServerToClientEvents, ClientToServerEvents>;
socket.emit("typing-start", { roomId: "a" });
const a: {x: 5} = await socket.emitWithAck("send-message", { roomId: "a", content: "b" });
socket.emitWithAck("send-message", { roomId: "a" });
const b: {x: 5} = await socket.timeout(5).emitWithAck("send-message", { roomId: "a", content: "b" });
