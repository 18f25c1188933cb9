// What an answer answers, in one line above it. A click goes there.
import type { Quote } from "../core/contract.ts";
import { Icon } from "../shell/icons.tsx";

export function QuoteLine({ quote, onGo }: { quote: Quote; onGo?: (messageId: string) => void }) {
  return (
    <button
      class="quote"
      type="button"
      title="Show the message"
      data-testid="quote"
      data-message-id-quoted={quote.id}
      disabled={onGo === undefined}
      onClick={() => onGo?.(quote.id)}
    >
      <Icon name="reply" />
      <span class="visually-hidden">answers </span>
      <strong>{quote.sender.name}</strong>
      <span class={quote.excerpt === "" ? "quote-words deleted" : "quote-words"}>
        {quote.excerpt === "" ? "a deleted message" : quote.excerpt}
      </span>
    </button>
  );
}
