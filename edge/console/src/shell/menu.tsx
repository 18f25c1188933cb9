// A button with a small menu. It uses the browser's popover: on top of everything, closed by Escape or a click
// elsewhere.
import type { ComponentChildren } from "preact";
import { useId, useRef, useState } from "preact/hooks";

export interface MenuItem {
  label: string;
  testId: string;
  danger?: boolean;
  /** For a choice among several: whether this one holds. */
  checked?: boolean;
  onChoose(): void;
}

interface Props {
  label: string;
  testId: string;
  class?: string;
  items: MenuItem[];
  children: ComponentChildren;
}

const EDGE_PX = 8;
const GAP_PX = 4;

export function Menu({ label, testId, class: look = "icon-button", items, children }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const id = useId();

  const toBeShown = () => {
    setOpen(true);
    // Its place depends on its size, which is known only when it is there.
    if (menu.current !== null) menu.current.style.visibility = "hidden";
  };

  const shown = () => {
    if (button.current === null || menu.current === null) return;
    placePopover(menu.current, button.current);
    menu.current.style.visibility = "";
    itemsOf(menu.current)[0]?.focus();
  };

  return (
    <>
      <button
        ref={button}
        class={look}
        type="button"
        title={label}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        popovertarget={id}
        data-testid={testId}
      >
        {children}
      </button>
      <div
        ref={menu}
        id={id}
        class="menu"
        role="menu"
        aria-label={label}
        popover="auto"
        onBeforeToggle={(event) => event.newState === "open" && toBeShown()}
        onToggle={(event) => (event.newState === "open" ? shown() : setOpen(false))}
        onKeyDown={(event) => menu.current !== null && moveFocus(event, menu.current)}
      >
        {open &&
          items.map((item) => (
            <button
              key={item.testId}
              class={`menu-item${item.danger === true ? " danger" : ""}`}
              type="button"
              role={item.checked === undefined ? "menuitem" : "menuitemradio"}
              aria-checked={item.checked}
              tabIndex={-1}
              data-testid={item.testId}
              onClick={() => {
                menu.current?.hidePopover();
                item.onChoose();
              }}
            >
              {item.label}
            </button>
          ))}
      </div>
    </>
  );
}

function itemsOf(menu: HTMLElement): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>(".menu-item")];
}

/** Below the button and flush with its right side, or wherever it fits on the screen. */
export function placePopover(menu: HTMLElement, button: HTMLElement): void {
  const at = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const below = at.bottom + GAP_PX;
  const top = below + height + EDGE_PX > innerHeight ? at.top - GAP_PX - height : below;
  const left = Math.min(at.right - width, innerWidth - width - EDGE_PX);
  menu.style.top = `${Math.max(EDGE_PX, top)}px`;
  menu.style.left = `${Math.max(EDGE_PX, left)}px`;
}

function moveFocus(event: KeyboardEvent, menu: HTMLElement): void {
  const items = itemsOf(menu);
  const current = items.indexOf(document.activeElement as HTMLElement);
  const next = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Tab") menu.hidePopover();
  if (next === undefined) return;
  event.preventDefault();
  items.at(next % items.length)?.focus();
}
