// A connection without a network, for tests: what was asked is kept, what is answered the test decides.
import type { Connection, ConnectionState } from "./connection.ts";
import { Store } from "./store.ts";

type Listener = (payload: never, how: { replayed: boolean }) => void;

export class FakeConnection {
  readonly state = new Store<ConnectionState>({ kind: "connected" });
  /** Every event that was sent, with its payload. */
  readonly sent: [string, unknown][] = [];
  /** The newest token, as the next connection would bring it. */
  token = "";
  opened = 0;
  readonly #listeners: [string, Listener][] = [];
  readonly #answer: (event: string, payload: unknown) => unknown;

  constructor(answer: (event: string, payload: unknown) => unknown = () => ({})) {
    this.#answer = answer;
  }

  /** As the features know it. */
  get asConnection(): Connection {
    return this as unknown as Connection;
  }

  get connected(): boolean {
    return this.state.state.kind === "connected";
  }

  on(event: string, listener: Listener): void {
    this.#listeners.push([event, listener]);
  }

  onConnected(listener: () => void): void {
    this.state.subscribe(() => this.connected && listener());
  }

  onClosed(): void {}

  open(): void {
    this.opened += 1;
  }

  tell(event: string, payload: unknown): void {
    this.sent.push([event, payload]);
  }

  async request(event: string, payload: unknown): Promise<unknown> {
    this.sent.push([event, payload]);
    return await this.#answer(event, payload);
  }

  requestPatiently(event: string, payload: unknown): Promise<unknown> {
    return this.request(event, payload);
  }

  async refreshToken(token: string): Promise<void> {
    if (this.connected) await this.request("refresh-token", { token });
    this.token = token;
  }

  /** The server says something. */
  arrives(event: string, payload: unknown): void {
    for (const [name, listener] of this.#listeners) if (name === event) listener(payload as never, { replayed: false });
  }
}
