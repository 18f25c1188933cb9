// One's own face at the foot of the sidebar, with the status that others see.
import { useStore } from "../core/store.ts";
import { Avatar } from "../shell/avatar.tsx";
import { Menu } from "../shell/menu.tsx";
import { useServices } from "../shell/services.ts";
import { STATUS_CLASS, STATUS_WORDS, STATUSES } from "./status-words.ts";

export function StatusMenu() {
  const { me, ownStatus, connection } = useServices();
  const status = useStore(ownStatus.shown, (status) => status);
  const connected = useStore(connection.state, ({ kind }) => kind === "connected");
  const items = STATUSES.map((choice) => ({
    label: STATUS_WORDS[choice],
    testId: `status-${choice}`,
    checked: choice === status,
    onChoose: () => ownStatus.choose(choice),
  }));
  return (
    <Menu label={`Your status: ${STATUS_WORDS[status]}`} testId="status-menu" class="me-button" items={items}>
      <span class={connected ? `presence ${STATUS_CLASS[status]}` : "presence"}>
        <Avatar user={me} />
      </span>
      <span class="me">
        <strong data-testid="me">{me.name}</strong>
        <small class="quiet" data-testid="my-status">
          {connected ? STATUS_WORDS[status] : "Not connected"}
        </small>
      </span>
    </Menu>
  );
}
