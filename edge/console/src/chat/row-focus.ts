// Walking through the messages with the arrow keys: one stop for the Tab key, however long the talk.

/** Moves the focus to another row where the key says so; tells whether it did. */
export function moveRowFocus(viewport: HTMLElement, event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
  const rows = [...viewport.querySelectorAll<HTMLElement>("[data-row][tabindex]")];
  const current = rows.indexOf(event.target as HTMLElement);
  // In fields, menus and code the arrows mean something else.
  if (current < 0 && event.target !== viewport) return false;
  const next = nextRow(event.key, current, rows.length);
  if (next === undefined) return false;
  rows[next]?.focus();
  rows[next]?.scrollIntoView({ block: "nearest" });
  return true;
}

function nextRow(key: string, current: number, count: number): number | undefined {
  switch (key) {
    case "ArrowUp":
      return current < 0 ? count - 1 : Math.max(0, current - 1);
    case "ArrowDown":
      return current < 0 ? count - 1 : Math.min(count - 1, current + 1);
    default:
      return undefined;
  }
}
