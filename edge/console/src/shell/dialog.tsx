// A modal dialog: the browser's own, which keeps the focus inside and closes with Escape.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Icon } from "./icons.tsx";

interface Props {
  heading: string;
  testId: string;
  /** `sheet` stands at the right edge over the full height, `wide` holds lists. */
  shape?: "sheet" | "wide";
  onClose(): void;
  children: ComponentChildren;
}

export function Dialog({ heading, testId, shape, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const headingId = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class={`dialog${shape === undefined ? "" : ` ${shape}`}`}
      aria-labelledby={headingId}
      data-testid={testId}
      onClose={onClose}
      // What is inside has its own elements; only the backdrop is the dialog itself.
      onPointerDown={(event) => event.target === event.currentTarget && event.currentTarget.close()}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={headingId}>{heading}</h2>
          <button
            class="icon-button"
            type="button"
            aria-label="Close"
            data-testid="close-dialog"
            onClick={() => dialog.current?.close()}
          >
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
