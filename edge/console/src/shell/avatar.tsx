// A person's initials on a colour that is the same everywhere.
import type { User } from "../core/contract.ts";
import { initials, toneOf } from "./initials.ts";

export function Avatar({ user }: { user: User }) {
  return (
    <span class={`avatar tone-${toneOf(user.id)}`} aria-hidden="true">
      {initials(user.name)}
    </span>
  );
}
