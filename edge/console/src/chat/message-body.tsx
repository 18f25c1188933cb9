// A message's words on the screen: always as text nodes, whatever they contain.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Draft, Message, User } from "../core/contract.ts";
import { segments } from "./content.ts";
import { languageLabel } from "./languages.ts";
import { mentionParts } from "./mentions.ts";

const COPIED_SHOWN_MS = 1_500;

type Words = Pick<Message, "kind" | "content"> & { language?: string | undefined };

interface Props {
  words: Words | Draft;
  /** Those whom the message mentions, as far as their names are known. */
  people: readonly User[];
  myId: string;
}

export function MessageBody({ words, people, myId }: Props) {
  if (words.kind === "code") return <CodeBlock text={words.content} language={words.language} />;
  const parts: JSX.Element[] = segments(words.content).map((segment, index) => {
    switch (segment.kind) {
      case "text":
        return <Text key={index} text={segment.text} people={people} myId={myId} />;
      case "link":
        return (
          <a key={index} href={segment.href} target="_blank" rel="noopener noreferrer nofollow">
            {segment.text}
          </a>
        );
      case "inline-code":
        return <code key={index}>{segment.text}</code>;
      case "block":
        return <CodeBlock key={index} text={segment.text} language={segment.language} />;
    }
  });
  return <div class="message-text">{parts}</div>;
}

function Text({ text, people, myId }: { text: string; people: readonly User[]; myId: string }) {
  return (
    <>
      {mentionParts(text, people).map((part, index) =>
        part.userId === undefined ? (
          <span key={index}>{part.text}</span>
        ) : (
          <span
            key={index}
            class={part.userId === myId ? "mention own" : "mention"}
            title={part.userId}
            data-testid="mention"
            data-user-id={part.userId}
          >
            {part.text}
          </span>
        ),
      )}
    </>
  );
}

function CodeBlock({ text, language }: { text: string; language: string | undefined }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      return;
    }
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_SHOWN_MS);
  };
  return (
    <figure class="code-block" data-testid="code-block">
      <figcaption>
        <span data-testid="code-language">{languageLabel(language)}</span>
        {/* The clipboard exists in secure contexts only. */}
        {navigator.clipboard !== undefined && (
          <button class="code-copy" type="button" onClick={copy}>
            {copied ? "Copied" : "Copy"}
          </button>
        )}
      </figcaption>
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
    </figure>
  );
}
