// The names offered after an `@`, above the composer. The keyboard stays in the field.
import type { User } from "../core/contract.ts";
import { Avatar } from "../shell/avatar.tsx";
import type { MentionChoice } from "./use-mentions.ts";

interface Props {
  id: string;
  choice: MentionChoice;
  onChoose(person: User): void;
}

export function MentionList({ id, choice, onChoose }: Props) {
  return (
    <ul class="mention-list" id={id} role="listbox" aria-label="People to mention" data-testid="mention-list">
      {choice.people.map((person, index) => (
        <li
          key={person.id}
          id={optionId(id, index)}
          role="option"
          aria-selected={index === choice.chosen}
          data-testid="mention-option"
          data-user-id={person.id}
          // The field keeps the focus.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onChoose(person)}
        >
          <Avatar user={person} />
          <span class="mention-name">{person.name}</span>
          {person.name !== person.id && <small class="quiet">{person.id}</small>}
        </li>
      ))}
    </ul>
  );
}

export function optionId(listId: string, index: number): string {
  return `${listId}-${index}`;
}
