// Short messages about what just happened; they go away by themselves.
import { Store, useStore } from "../core/store.ts";
import { Icon } from "./icons.tsx";

interface Notice {
  id: number;
  text: string;
}

const NOTICE_SHOWN_MS = 8_000;
const NOTICES_MAX = 4;

export class Notices {
  readonly state = new Store<readonly Notice[]>([]);
  #lastId = 0;

  add(text: string): void {
    this.#lastId += 1;
    const notice = { id: this.#lastId, text };
    this.state.update((shown) => [...shown.filter((other) => other.text !== text), notice].slice(-NOTICES_MAX));
    setTimeout(() => this.remove(notice.id), NOTICE_SHOWN_MS);
  }

  remove(id: number): void {
    this.state.update((shown) => shown.filter((notice) => notice.id !== id));
  }
}

export function NoticeList({ notices }: { notices: Notices }) {
  const shown = useStore(notices.state, (state) => state);
  return (
    <div class="notices" role="status" data-testid="notices">
      {shown.map((notice) => (
        <p key={notice.id} class="notice" data-testid="notice">
          <span>{notice.text}</span>
          <button class="icon-button" type="button" aria-label="Dismiss" onClick={() => notices.remove(notice.id)}>
            <Icon name="close" />
          </button>
        </p>
      ))}
    </div>
  );
}
