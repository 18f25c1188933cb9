// Keeping order in the open rooms: the queue of reports, sanctions, and the lines that tell of them.
import type { Connection } from "../core/connection.ts";
import type { Report, Requests, RoomJoined, SanctionTold } from "../core/contract.ts";
import { Refusal } from "../core/refusal.ts";
import { Store, withEntry, withoutEntry } from "../core/store.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { mayModerate } from "./authority.ts";
import { EMPTY_QUEUE, type Queue, withReport, withReports } from "./queue.ts";
import type { RoomLines } from "./room-lines.ts";
import { NO_SANCTIONS, type Sanction, type Sanctions, withoutSanction, withSanction } from "./sanctions.ts";
import type { Standing } from "./standing.ts";
import { type SanctionEvent, sanctionLine } from "./words.ts";

const REPORTS_PAGE = 20;

/** What is done to a user: the request that does it. */
export type UserAction = "mute-user" | "unmute-user" | "ban-user" | "unban-user" | "remove-member";

export class Moderation {
  /** Only of rooms in which the user moderates. */
  readonly queues = new Store<ReadonlyMap<string, Queue>>(new Map());
  readonly sanctions = new Store<ReadonlyMap<string, Sanctions>>(new Map());
  readonly #connection: Connection;
  readonly #standing: Standing;
  readonly #lines: RoomLines;
  readonly #myId: string;

  constructor(connection: Connection, rooms: Rooms, standing: Standing, lines: RoomLines, myId: string) {
    this.#connection = connection;
    this.#standing = standing;
    this.#lines = lines;
    this.#myId = myId;
    rooms.onJoined((joined) => void this.#joined(joined));
    rooms.onLeft((roomId) => {
      this.queues.update((all) => withoutEntry(all, roomId));
      this.sanctions.update((all) => withoutEntry(all, roomId));
    });
    connection.on("message-reported", ({ report }) => this.#changeQueue(report.roomId, report));
    connection.on("report-resolved", ({ report }) => this.#changeQueue(report.roomId, report));
    this.#listen("user-muted", "mute", true);
    this.#listen("user-unmuted", "mute", false);
    this.#listen("user-banned", "ban", true);
    this.#listen("user-unbanned", "ban", false);
  }

  queueOf(roomId: string): Queue {
    return this.queues.state.get(roomId) ?? EMPTY_QUEUE;
  }

  sanctionsOf(roomId: string): Sanctions {
    return this.sanctions.state.get(roomId) ?? NO_SANCTIONS;
  }

  /** Reads reports: the first page, or with `more` the next one. Throws a `Refusal`. */
  async read(roomId: string, status: Report["status"], more = false): Promise<void> {
    const cursor = more ? this.queueOf(roomId)[status].cursor : undefined;
    const page = await this.#connection.requestPatiently("get-reports", {
      roomId,
      status,
      limit: REPORTS_PAGE,
      ...(cursor === undefined ? {} : { cursor }),
    });
    this.queues.update((all) =>
      withEntry(all, roomId, withReports(all.get(roomId) ?? EMPTY_QUEUE, status, page, cursor === undefined)),
    );
  }

  /**
   * Decides about a report. Throws a `Refusal`; at a `conflict` a colleague was first, and the queue is read again
   * so that it shows what they did.
   */
  async resolve(decision: Requests["resolve-report"]["payload"]): Promise<void> {
    try {
      const { report } = await this.#connection.request("resolve-report", decision);
      this.#changeQueue(decision.roomId, report);
    } catch (cause) {
      if (Refusal.from(cause).code === "conflict") {
        await Promise.all([this.read(decision.roomId, "open"), this.read(decision.roomId, "resolved")]);
      }
      throw cause;
    }
  }

  /** Throws a `Refusal`. */
  async act(
    action: UserAction,
    target: { roomId: string; userId: string; durationMs?: number; reason?: string; requestId: string },
  ): Promise<void> {
    await this.#connection.request(action, target);
  }

  async #joined(joined: RoomJoined): Promise<void> {
    const { roomId } = joined;
    const isKnown = this.#standing.roleIn(joined) !== undefined;
    if (isKnown && !mayModerate(this.#standing.in(roomId))) return;
    try {
      await this.read(roomId, "open");
      // In a big room the answer itself tells that one moderates.
      if (!mayModerate(this.#standing.in(roomId))) this.#standing.learn(roomId, "moderator");
    } catch {
      // Not a moderator after all, or the panel reads them when it is opened.
    }
  }

  #changeQueue(roomId: string, report: Report): void {
    this.queues.update((all) => withEntry(all, roomId, withReport(all.get(roomId) ?? EMPTY_QUEUE, report)));
  }

  #listen(event: SanctionEvent, kind: Sanction["kind"], holds: boolean): void {
    this.#connection.on(event, (told: SanctionTold) => {
      const { id, roomId, user } = told;
      this.sanctions.update((all) => {
        const known = all.get(roomId) ?? NO_SANCTIONS;
        return withEntry(
          all,
          roomId,
          holds ? withSanction(known, kind, told) : withoutSanction(known, kind, user.id),
        );
      });
      this.#lines.add({ id, roomId, text: sanctionLine(event, told, this.#myId, Date.now()) });
    });
  }
}
