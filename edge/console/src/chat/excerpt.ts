// A message in one line, as quotes and thread lines show it.
import type { Draft, Message, Quote } from "../core/contract.ts";

const EXCERPT_CHARACTERS_MAX = 140;

export function excerpt({ content }: Pick<Message | Draft, "content">): string {
  const line = [
    ...content
      .replace(/```[A-Za-z0-9+#._-]*/g, "")
      .replace(/\s+/g, " ")
      .trim(),
  ];
  return line.length > EXCERPT_CHARACTERS_MAX
    ? `${line.slice(0, EXCERPT_CHARACTERS_MAX - 1).join("")}…`
    : line.join("");
}

/** The quote that an answer to a message will carry. */
export function quoteOf(message: Message): Quote {
  return { id: message.id, sender: message.sender, excerpt: excerpt(message) };
}
