// What one does to messages that are there. Each throws a `Refusal`, to be shown where it was asked for.
import type { Connection } from "../core/connection.ts";
import type { ReportReason, User } from "../core/contract.ts";
import { Refusal } from "../core/refusal.ts";
import { deleted, edited, held, reacted } from "./changes.ts";
import { afterOwn } from "./reactions.ts";
import type { Talks } from "./talks.ts";

export class Actions {
  readonly #connection: Connection;
  readonly #talks: Talks;
  readonly #me: User;
  readonly #reacting = new Set<string>();

  constructor(connection: Connection, talks: Talks, me: User) {
    this.#connection = connection;
    this.#talks = talks;
    this.#me = me;
  }

  async edit(roomId: string, messageId: string, content: string): Promise<void> {
    const { message } = await this.#connection.request("edit-message", { roomId, messageId, content });
    this.#talks.change(roomId, (talk) => edited(talk, message, this.#me.id));
  }

  async delete(roomId: string, messageId: string): Promise<void> {
    try {
      await this.#connection.request("delete-message", { roomId, messageId });
    } catch (cause) {
      // Somebody else was quicker; its event says so.
      const isDeleted = held(this.#talks.of(roomId), messageId)?.deletedAt !== undefined;
      if (!isDeleted) throw Refusal.from(cause);
    }
    this.#talks.change(roomId, (talk) => deleted(talk, messageId, this.#me, Date.now()));
  }

  /** Adds one's own reaction or takes it back. Another click while the answer is awaited does nothing. */
  async react(roomId: string, messageId: string, emoji: string): Promise<void> {
    const key = `${roomId} ${messageId} ${emoji}`;
    if (this.#reacting.has(key)) return;
    this.#reacting.add(key);
    const on = held(this.#talks.of(roomId), messageId)?.reactions[emoji]?.me !== true;
    try {
      const { reactions } = await this.#connection.request("react", { roomId, messageId, emoji, on });
      this.#talks.change(roomId, (talk) =>
        reacted(talk, messageId, (before) => afterOwn(before, reactions, emoji, this.#me.id)),
      );
    } finally {
      this.#reacting.delete(key);
    }
  }

  async report(
    roomId: string,
    messageId: string,
    reason: ReportReason,
    comment: string,
    requestId: string,
  ): Promise<void> {
    await this.#connection.request("report-message", {
      roomId,
      messageId,
      reason,
      requestId,
      ...(comment === "" ? {} : { comment }),
    });
  }
}
