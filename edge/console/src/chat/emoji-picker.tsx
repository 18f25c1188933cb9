// A button that opens a small board of emoji. Like the menus it is the browser's popover.
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { placePopover } from "../shell/menu.tsx";
import { EMOJI } from "./reactions.ts";

const COLUMNS = 6;

interface Props {
  class: string;
  testId: string;
  onChoose(emoji: string): void;
  children: ComponentChildren;
}

export function EmojiPicker({ class: look, testId, onChoose, children }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  const board = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const id = useId();

  // Its size is known only with the emoji in it.
  useLayoutEffect(() => {
    if (!open || button.current === null || board.current === null) return;
    placePopover(board.current, button.current);
    board.current.querySelector<HTMLElement>("button")?.focus();
  }, [open]);

  return (
    <>
      <button
        ref={button}
        class={look}
        type="button"
        title="Add a reaction"
        aria-label="Add a reaction"
        aria-haspopup="dialog"
        aria-expanded={open}
        popovertarget={id}
        data-testid={testId}
      >
        {children}
      </button>
      <div
        ref={board}
        id={id}
        class="emoji-board"
        role="dialog"
        aria-label="Reactions"
        popover="auto"
        data-testid="emoji-board"
        onToggle={(event) => setOpen(event.newState === "open")}
        onKeyDown={(event) => board.current !== null && moveFocus(event, board.current)}
      >
        {/* A long talk has many of these, and they are opened seldom. */}
        {open &&
          EMOJI.map(([emoji, words]) => (
            <button
              key={emoji}
              type="button"
              title={words}
              aria-label={words}
              data-testid="emoji-option"
              data-emoji={emoji}
              onClick={() => {
                board.current?.hidePopover();
                onChoose(emoji);
              }}
            >
              {emoji}
            </button>
          ))}
      </div>
    </>
  );
}

function moveFocus(event: KeyboardEvent, board: HTMLElement): void {
  const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };
  const step = steps[event.key];
  if (step === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const all = [...board.querySelectorAll<HTMLElement>("button")];
  const next = all.indexOf(document.activeElement as HTMLElement) + step;
  all[next]?.focus();
}
