// Splits a message's text into what is shown in different ways. The text itself is never interpreted as markup.

export type Segment =
  | { kind: "text"; text: string }
  | { kind: "link"; text: string; href: string }
  | { kind: "inline-code"; text: string }
  | { kind: "block"; text: string; language: string };

// In order: a fenced block, a piece in backticks, an address. Addresses are http(s) only, so that nothing runs.
const SPECIAL = /```([A-Za-z0-9+#._-]*)[ \t]*\n([\s\S]*?)\n?```\n?|`([^`\n]+)`|\bhttps?:\/\/[^\s<>"'`]+/g;

export function segments(text: string): Segment[] {
  const found: Segment[] = [];
  let from = 0;
  for (const match of text.matchAll(SPECIAL)) {
    const special = segment(match);
    if (match.index > from) found.push({ kind: "text", text: text.slice(from, match.index) });
    found.push(special);
    // What was cut off the end of an address is text again.
    from = match.index + (special.kind === "link" ? special.text.length : match[0].length);
  }
  if (from < text.length) found.push({ kind: "text", text: text.slice(from) });
  return found;
}

function segment(match: RegExpExecArray): Segment {
  const [whole, language, block, inline] = match;
  if (block !== undefined) return { kind: "block", text: block, language: language ?? "" };
  if (inline !== undefined) return { kind: "inline-code", text: inline };
  const address = withoutTail(whole);
  return URL.canParse(address) ? { kind: "link", text: address, href: address } : { kind: "text", text: whole };
}

/** A sentence's end is not the address's, nor is a bracket that the address did not open. */
function withoutTail(address: string): string {
  let end = address.length;
  for (;;) {
    const last = address.charAt(end - 1);
    const opened = (open: string) => address.slice(0, end).split(open).length;
    const unopened = (last === ")" && opened("(") < opened(")")) || (last === "]" && opened("[") < opened("]"));
    if (!unopened && !/[.,;:!?]/.test(last)) return address.slice(0, end);
    end -= 1;
  }
}
