// What can be done with a message: the frequent things as buttons, all of them in a menu.
import type { Message } from "../core/contract.ts";
import { Icon } from "../shell/icons.tsx";
import { Menu, type MenuItem } from "../shell/menu.tsx";
import type { Desk, Place } from "./desk.ts";
import { EmojiPicker } from "./emoji-picker.tsx";
import { mayDelete, mayEdit, mayReport, type Rights } from "./permissions.ts";
import { QUICK_EMOJI } from "./reactions.ts";

interface Props {
  message: Message;
  place: Place;
  rights: Rights;
  desk: Desk;
  onReact(emoji: string): void;
}

export function MessageTools({ message, place, rights, desk, onReact }: Props) {
  const inThread = place.threadId !== undefined;
  return (
    <div class="message-tools" role="toolbar" aria-label="Actions" aria-live="off" data-testid="message-tools">
      {rights.writes && (
        <>
          {QUICK_EMOJI.map(([emoji, words]) => (
            <button
              key={emoji}
              class="icon-button quick"
              type="button"
              title={words}
              aria-label={`React: ${words}`}
              data-testid="quick-reaction"
              data-emoji={emoji}
              onClick={() => onReact(emoji)}
            />
          ))}
          <EmojiPicker class="icon-button" testId="react" onChoose={onReact}>
            <Icon name="smile" />
          </EmojiPicker>
          <Tool label="Reply" icon="reply" testId="reply" onClick={() => desk.answer(place, message)} />
          {!inThread && (
            <Tool
              label="Reply in a thread"
              icon="thread"
              testId="start-thread"
              onClick={() => desk.openThread(message.roomId, message.id)}
            />
          )}
        </>
      )}
      <Menu label="More" testId="message-menu" items={itemsFor(message, place, rights, desk)}>
        <Icon name="more" />
      </Menu>
    </div>
  );
}

/** The keys that do the same while a message has the focus. */
export function toolKey(key: string, { message, place, rights, desk }: Omit<Props, "onReact">): boolean {
  if (key === "r" && rights.writes) desk.answer(place, message);
  else if (key === "t" && rights.writes && place.threadId === undefined) desk.openThread(message.roomId, message.id);
  else if (key === "e" && mayEdit(message, rights, Date.now())) desk.edit(place, message.id);
  else if (key === "Delete" && mayDelete(message, rights)) desk.ask("delete", message);
  else return false;
  return true;
}

function itemsFor(message: Message, place: Place, rights: Rights, desk: Desk): MenuItem[] {
  const items: (MenuItem | false)[] = [
    mayEdit(message, rights, Date.now()) && {
      label: "Edit",
      testId: "edit",
      onChoose: () => desk.edit(place, message.id),
    },
    {
      label: "Copy text",
      testId: "copy-text",
      // The clipboard exists in secure contexts only.
      onChoose: () => void navigator.clipboard?.writeText(message.content).catch(() => undefined),
    },
    mayReport(message, rights) && {
      label: "Report…",
      testId: "report",
      onChoose: () => desk.ask("report", message),
    },
    mayDelete(message, rights) && {
      label: "Delete…",
      testId: "delete",
      danger: true,
      onChoose: () => desk.ask("delete", message),
    },
  ];
  return items.filter((item) => item !== false);
}

interface ToolProps {
  label: string;
  icon: "reply" | "thread";
  testId: string;
  onClick(): void;
}

function Tool({ label, icon, testId, onClick }: ToolProps) {
  return (
    <button class="icon-button" type="button" title={label} aria-label={label} data-testid={testId} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}
