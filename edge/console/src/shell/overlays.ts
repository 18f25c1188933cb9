// Which dialog is open, if any. One at a time; any part of the page may open one.
import type { User } from "../core/contract.ts";
import { Store } from "../core/store.ts";
import type { UserAction } from "../moderation/moderation.ts";

export type Overlay =
  | { kind: "create" }
  | { kind: "browse" }
  | { kind: "notifications" }
  | { kind: "renew" }
  | { kind: "settings"; roomId: string }
  | { kind: "invite"; roomId: string }
  | { kind: "moderation"; roomId: string }
  | { kind: "user-action"; roomId: string; user: User; action: UserAction };

export class Overlays {
  readonly state = new Store<Overlay | undefined>(undefined);

  readonly open = (overlay: Overlay): void => this.state.set(overlay);

  /** Closes the dialog, unless another one has taken its place. */
  readonly closeIf = (overlay: Overlay): void => {
    if (this.state.state === overlay) this.state.set(undefined);
  };
}
