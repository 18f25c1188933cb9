// The one Socket.IO connection: requests with answers, events to features, and a truthful state for the banner.
import { io, type Socket } from "socket.io-client";
import type { Answer, Requests, ServerEvents } from "./contract.ts";
import { needsOtherToken, Refusal } from "./refusal.ts";
import { Store } from "./store.ts";

/** Longer than the server's own limit for an answer, so that its word comes first. */
const ANSWER_TIMEOUT_MS = 15_000;
const PATIENCE_ATTEMPTS_MAX = 5;
const PATIENCE_PAUSE_MS = 1_000;
const REFUSED_PAUSE_MS = 3_000;

export type ConnectionState =
  | { kind: "connecting" }
  | { kind: "connected" }
  | { kind: "reconnecting" }
  /** The server answered CONNECT_ERROR; `final` where only another token helps. */
  | { kind: "refused"; code: string; message: string; final: boolean }
  /** The server ended the connection and asked not to be called again at once. */
  | { kind: "ended" };

/** `replayed`: told again from the room's log, after a snapshot that already counts it in. */
export type Handler<Payload> = (payload: Payload, how: { replayed: boolean }) => void;

export class Connection {
  readonly state = new Store<ConnectionState>({ kind: "connecting" });
  readonly #socket: Socket;
  readonly #handlers = new Map<string, Handler<never>[]>();
  readonly #closedListeners: (() => void)[] = [];
  readonly #everyListeners: ((payload: Partial<{ roomId: string; id: string }>) => void)[] = [];
  #token: string;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(token: string) {
    this.#token = token;
    this.#socket = io({
      autoConnect: false,
      auth: (give) => give({ token: this.#token }),
      reconnectionDelay: 500,
      reconnectionDelayMax: 8_000,
    });
    this.#socket.on("connect", () => this.state.set({ kind: "connected" }));
    this.#socket.on("disconnect", (reason) => this.#disconnected(reason));
    this.#socket.on("connect_error", (error) => this.#notConnected(error));
    this.#socket.onAny((event: string, payload: unknown) => {
      this.dispatch(event, payload, false);
      for (const listener of this.#everyListeners) listener(payload as Partial<{ roomId: string; id: string }>);
    });
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  open(): void {
    clearTimeout(this.#retryTimer);
    if (this.state.state.kind !== "connecting") this.state.set({ kind: "reconnecting" });
    this.#socket.connect();
  }

  close(): void {
    clearTimeout(this.#retryTimer);
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
    for (const listener of this.#closedListeners) listener();
  }

  /** Takes a newer token of the same user, for this connection, if there is one, and for those that follow. */
  async refreshToken(token: string): Promise<void> {
    // One that the server does not take must not stand in the way of the next connection.
    if (this.connected) await this.request("refresh-token", { token });
    this.#token = token;
  }

  on<Event extends keyof ServerEvents>(event: Event, handler: Handler<ServerEvents[Event]>): void {
    const handlers = this.#handlers.get(event) ?? [];
    handlers.push(handler as Handler<never>);
    this.#handlers.set(event, handlers);
  }

  /** Calls `listener` after each live event, whatever it is. */
  onEvery(listener: (payload: Partial<{ roomId: string; id: string }>) => void): void {
    this.#everyListeners.push(listener);
  }

  /** Calls `listener` at each new connection, the first one included. */
  onConnected(listener: () => void): void {
    this.state.subscribe(() => this.state.state.kind === "connected" && listener());
  }

  /** Calls `listener` when the person signs out, so that nothing is listened to in vain. */
  onClosed(listener: () => void): void {
    this.#closedListeners.push(listener);
  }

  /** Hands an event to the features as if it had just come. */
  dispatch(event: string, payload: unknown, replayed: boolean): void {
    for (const handler of this.#handlers.get(event) ?? []) handler(payload as never, { replayed });
  }

  /** Sends an event and waits for its answer. Throws a `Refusal`; `offline` and `no-answer` among its codes. */
  async request<Event extends keyof Requests>(
    event: Event,
    payload: Requests[Event]["payload"],
  ): Promise<Requests[Event]["answer"]> {
    if (!this.connected) throw Refusal.offline();
    let answer: Answer<Requests[Event]["answer"]>;
    try {
      answer = await this.#socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck(event, payload);
    } catch {
      throw this.connected ? Refusal.noAnswer() : Refusal.offline();
    }
    if (!answer.ok) throw new Refusal(answer.error);
    return answer;
  }

  /** As `request`, but waits and asks again where the server says that it is busy. Only for what may be repeated. */
  async requestPatiently<Event extends keyof Requests>(
    event: Event,
    payload: Requests[Event]["payload"],
  ): Promise<Requests[Event]["answer"]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.request(event, payload);
      } catch (cause) {
        const refusal = Refusal.from(cause);
        const busy = ["rate-limited", "unavailable", "no-answer"].includes(refusal.code);
        if (!busy || attempt === PATIENCE_ATTEMPTS_MAX) throw refusal;
        await pause((refusal.retryAt ?? Date.now() + PATIENCE_PAUSE_MS * attempt) - Date.now());
      }
    }
  }

  /** Sends an event that nobody waits for. Without a connection it is dropped, not kept for the next one. */
  tell<Event extends keyof Requests>(event: Event, payload: Requests[Event]["payload"]): void {
    if (this.connected) this.#socket.emit(event, payload);
  }

  #disconnected(reason: Socket.DisconnectReason): void {
    if (reason === "io server disconnect") this.state.set({ kind: "ended" });
    else if (reason !== "io client disconnect") this.state.set({ kind: "reconnecting" });
  }

  #notConnected(error: Error & { data?: { code?: string; retryAfterMs?: number } }): void {
    // An active socket tries again by itself: the server was not reached at all.
    if (this.#socket.active) {
      this.state.set({ kind: "reconnecting" });
      return;
    }
    const code = error.data?.code ?? "unavailable";
    const final = needsOtherToken(code);
    this.state.set({ kind: "refused", code, message: error.message, final });
    if (final) return;
    const wait = Math.max(REFUSED_PAUSE_MS, error.data?.retryAfterMs ?? 0);
    this.#retryTimer = setTimeout(() => this.#socket.connect(), wait);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
