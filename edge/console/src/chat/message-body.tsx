// A message's words on the screen: always as text nodes, whatever they contain.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Draft, Message } from "../core/contract.ts";
import { segments } from "./content.ts";
import { languageLabel } from "./languages.ts";

const COPIED_SHOWN_MS = 1_500;

type Words = Pick<Message, "kind" | "content"> & { language?: string | undefined };

export function MessageBody({ words }: { words: Words | Draft }) {
  if (words.kind === "code") return <CodeBlock text={words.content} language={words.language} />;
  const parts: JSX.Element[] = segments(words.content).map((segment, index) => {
    switch (segment.kind) {
      case "text":
        return <span key={index}>{segment.text}</span>;
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
