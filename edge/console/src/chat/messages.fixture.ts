// Short messages for tests: `message(3)` is the third of room `r`, said by ann at its id's time.
import type { Message } from "../core/contract.ts";

export function message(number: number, more: Partial<Message> = {}): Message {
  return {
    id: `${number}-0`,
    roomId: "r",
    sender: { id: "ann", name: "Ann" },
    kind: "text",
    content: `message ${number}`,
    mentions: [],
    reactions: {},
    createdAt: number,
    ...more,
  };
}

/** Messages `from` to `to`, both included. */
export function messages(from: number, to: number): Message[] {
  return Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
}
