// Short messages about what just happened; they go away by themselves.
import { useLayoutEffect, useRef } from "preact/hooks";
import { Store, useStore } from "../core/store.ts";
import { Icon } from "./icons.tsx";

interface NoticeAction {
  label: string;
  run(): void;
}

interface Notice {
  id: number;
  text: string;
  action?: NoticeAction | undefined;
}

const NOTICE_SHOWN_MS = 8_000;
const NOTICES_MAX = 4;

export class Notices {
  readonly state = new Store<readonly Notice[]>([]);
  #lastId = 0;

  add(text: string, action?: NoticeAction): void {
    this.#lastId += 1;
    const notice = { id: this.#lastId, text, action };
    this.state.update((shown) => [...shown.filter((other) => other.text !== text), notice].slice(-NOTICES_MAX));
    setTimeout(() => this.remove(notice.id), NOTICE_SHOWN_MS);
  }

  remove(id: number): void {
    this.state.update((shown) => shown.filter((notice) => notice.id !== id));
  }
}

export function NoticeList({ notices }: { notices: Notices }) {
  const shown = useStore(notices.state, (state) => state);
  const list = useRef<HTMLDivElement>(null);
  const newest = shown.at(-1)?.id;
  useLayoutEffect(() => {
    // What is shown last is on top, also of a dialog that was opened meanwhile.
    list.current?.hidePopover();
    if (newest !== undefined) list.current?.showPopover();
  }, [newest]);
  return (
    <div ref={list} class="notices" role="status" popover="manual" data-testid="notices">
      {shown.map(({ id, text, action }) => (
        <p key={id} class="notice" data-testid="notice">
          <span>{text}</span>
          {action !== undefined && (
            <button
              class="button small"
              type="button"
              data-testid="notice-action"
              onClick={() => {
                notices.remove(id);
                action.run();
              }}
            >
              {action.label}
            </button>
          )}
          <button class="icon-button" type="button" aria-label="Dismiss" onClick={() => notices.remove(id)}>
            <Icon name="close" />
          </button>
        </p>
      ))}
    </div>
  );
}
