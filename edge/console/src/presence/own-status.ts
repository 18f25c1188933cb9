// One's own status: what was chosen, idle by itself after a while without input, and the same in all of one's tabs.
import type { Connection } from "../core/connection.ts";
import type { Status, User } from "../core/contract.ts";
import { Store } from "../core/store.ts";
import type { Rooms } from "../rooms/rooms.ts";

export const IDLE_AFTER_MS = 5 * 60_000;
const LOOK_EVERY_MS = 10_000;
/** Tabs tell each other of input this often at most. */
const SHARE_EVERY_MS = 15_000;

const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "focus"];

/** What others are to see: a choice stands, and only who is active becomes idle. */
export function effectiveStatus(chosen: Status, lastInputAt: number, now: number): Status {
  return chosen === "active" && now - lastInputAt >= IDLE_AFTER_MS ? "idle" : chosen;
}

export class OwnStatus {
  /** As others see it. */
  readonly shown: Store<Status>;
  readonly #connection: Connection;
  readonly #statusKey: string;
  readonly #inputKey: string;
  /** What the server was told last, or told us: what all of one's devices agree on. */
  #told: Status = "active";
  /** This device's own view. Only its changes are told, else two devices would overrule each other for ever. */
  #own: Status;
  #chosen: Status;
  #lastInputAt = Date.now();
  #sharedAt = 0;
  #compared = false;

  constructor(connection: Connection, rooms: Rooms, me: User) {
    this.#connection = connection;
    this.#statusKey = `realtime.status.${me.id}`;
    this.#inputKey = `realtime.input.${me.id}`;
    this.#chosen = readStatus(localStorage.getItem(this.#statusKey));
    this.#own = this.#chosen;
    this.shown = new Store(this.#chosen);
    connection.onConnected(() => (this.#compared = false));
    connection.on("user-status-changed", ({ user, status }) => user.id === me.id && this.#heard(status));
    rooms.onJoined(({ members }) => {
      if (this.#compared) return;
      this.#compared = true;
      const status = members.find(({ id }) => id === me.id)?.status ?? "active";
      // The server forgets it with the last connection, so this is what another device chose while we were away.
      if (status === "busy") this.#heard(status);
      this.#told = status;
      if (this.#own !== this.#told) this.#tell(this.#own);
    });
    for (const event of INPUTS) addEventListener(event, this.#input, { passive: true, capture: true });
    addEventListener("storage", this.#otherTab);
    const timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    connection.onClosed(() => {
      clearInterval(timer);
      removeEventListener("storage", this.#otherTab);
      for (const event of INPUTS) removeEventListener(event, this.#input, { capture: true });
    });
  }

  choose(status: Status): void {
    this.#chosen = status;
    localStorage.setItem(this.#statusKey, status);
    this.#look();
  }

  readonly #input = (): void => {
    const now = Date.now();
    this.#lastInputAt = now;
    this.#look();
    // Another device was left alone; this one was not.
    if (this.#chosen === "active" && this.shown.state === "idle") this.#tell("active");
    if (now - this.#sharedAt < SHARE_EVERY_MS) return;
    this.#sharedAt = now;
    localStorage.setItem(this.#inputKey, String(now));
  };

  readonly #otherTab = ({ key, newValue }: StorageEvent): void => {
    if (key === this.#inputKey) this.#lastInputAt = Math.max(this.#lastInputAt, Number(newValue) || 0);
    else if (key === this.#statusKey) this.#chosen = readStatus(newValue);
    else return;
    this.#look();
  };

  #look(): void {
    const status = effectiveStatus(this.#chosen, this.#lastInputAt, Date.now());
    if (status === this.#own) return;
    this.#own = status;
    this.#tell(status);
  }

  #tell(status: Status): void {
    this.shown.set(status);
    // Without a connection it is told when the next one has entered its first room.
    if (!this.#connection.connected) return;
    this.#told = status;
    this.#connection.tell("set-status", { status });
  }

  /** A change that came from another device. */
  #heard(status: Status): void {
    if (status === this.#told) return;
    this.#told = status;
    this.shown.set(status);
    if (status === "idle") return;
    this.#chosen = status;
    this.#own = effectiveStatus(status, this.#lastInputAt, Date.now());
  }
}

function readStatus(text: string | null): Status {
  return text === "idle" || text === "busy" ? text : "active";
}
