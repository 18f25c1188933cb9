// What happens when a sign-in comes to its end: a token got by name is renewed quietly, any other person is told.
import type { Connection } from "../core/connection.ts";
import { Store } from "../core/store.ts";
import { type Identity, keepToken, readToken, tokenForName, usable } from "./token.ts";

export type SignInState =
  | { kind: "good" }
  /** The server has said when it will end the connection. */
  | { kind: "expiring"; expiresAt: number }
  | { kind: "expired" };

export class Renewal {
  readonly state = new Store<SignInState>({ kind: "good" });
  readonly #connection: Connection;
  #identity: Identity;

  constructor(connection: Connection, identity: Identity) {
    this.#connection = connection;
    this.#identity = identity;
    connection.on("auth-expiring", ({ expiresAt }) => void this.#expiring(expiresAt));
    connection.state.subscribe(() => void this.#connectionChanged());
  }

  async #expiring(expiresAt: number): Promise<void> {
    if (await this.#renewed()) this.state.set({ kind: "good" });
    else this.state.set({ kind: "expiring", expiresAt });
  }

  /** The connection ended for the token's sake: tried once with a new one, not again and again. */
  async #connectionChanged(): Promise<void> {
    if (this.#connection.state.state.kind !== "ended" || this.#identity.expiresAt > Date.now()) return;
    this.state.set({ kind: "expired" });
    if (!(await this.#renewed())) return;
    this.state.set({ kind: "good" });
    this.#connection.open();
  }

  /** Takes a token that the person brought, without leaving the page. Throws an `Error` that says what is wrong. */
  async take(text: string): Promise<void> {
    const brought = usable(readToken(text.trim()));
    if (brought.id !== this.#identity.id) throw new Error(`This token is ${brought.id}'s, not yours.`);
    await this.#use(brought);
    this.state.set({ kind: "good" });
    if (!this.#connection.connected) this.#connection.open();
  }

  async #use(identity: Identity): Promise<void> {
    await this.#connection.refreshToken(identity.token);
    this.#identity = identity;
    keepToken(identity);
  }

  async #renewed(): Promise<boolean> {
    if (!this.#identity.byName) return false;
    try {
      const answer = await tokenForName(this.#identity);
      const renewed = "token" in answer ? readToken(answer.token, true) : undefined;
      if (renewed === undefined || renewed.expiresAt <= Date.now()) return false;
      await this.#use(renewed);
      return true;
    } catch {
      // The person is told, as with any other sign-in that ends.
      return false;
    }
  }
}
