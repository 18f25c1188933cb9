// From what was typed to what is sent.
import { CONTENT_CHARACTERS_MAX, type Draft } from "../core/contract.ts";

/** The counter appears when this many characters are left. */
export const COUNTER_SHOWN_AT = 400;

const FENCED = /^```([A-Za-z0-9+#._-]*)[ \t]*\n([\s\S]*?)\n?```$/;

/** The form in which the server keeps text; lengths and comparisons are made on it. */
export function normalised(text: string): string {
  return text.replaceAll("\r\n", "\n").normalize("NFC");
}

/** Makes a draft, or `undefined` of nothing but blanks. A text that is one fenced block is sent as code. */
export function draftFrom(text: string, asCode: boolean, language: string): Draft | undefined {
  const content = normalised(text);
  if (content.trim() === "") return undefined;
  if (asCode) return code(content.replace(/^\n+|\s+$/g, ""), language);
  const fenced = FENCED.exec(content.trim());
  if (fenced?.[2] !== undefined && fenced[2].trim() !== "") return code(fenced[2], fenced[1] ?? "");
  return { kind: "text", content: content.trim() };
}

/** Characters left before the limit, counted as the server counts: code points after normalisation. */
export function charactersLeft(text: string): number {
  return CONTENT_CHARACTERS_MAX - [...normalised(text).trim()].length;
}

function code(content: string, language: string): Draft {
  return { kind: "code", content, ...(language.trim() === "" ? {} : { language: language.trim() }) };
}
