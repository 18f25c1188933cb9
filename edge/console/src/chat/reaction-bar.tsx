// The reactions under a message: one's own are marked, a click adds or takes back, the title says who.
import type { Reactions } from "../core/contract.ts";
import { Icon } from "../shell/icons.tsx";
import { EmojiPicker } from "./emoji-picker.tsx";
import { whoReacted } from "./reactions.ts";

interface Props {
  reactions: Reactions;
  myId: string;
  mayReact: boolean;
  nameOf(userId: string): string;
  onReact(emoji: string): void;
}

export function ReactionBar({ reactions, myId, mayReact, nameOf, onReact }: Props) {
  const shown = Object.entries(reactions).filter(([, { count }]) => count > 0);
  if (shown.length === 0) return null;
  return (
    <div class="reactions" role="group" aria-label="Reactions" data-testid="reactions">
      {shown.map(([emoji, reaction]) => {
        const who = whoReacted(reaction, myId, nameOf);
        return (
          <button
            key={emoji}
            class="reaction"
            type="button"
            aria-pressed={reaction.me === true}
            aria-label={`${emoji} ${reaction.count}: ${who}`}
            title={`${who} reacted with ${emoji}`}
            disabled={!mayReact}
            data-testid="reaction"
            data-emoji={emoji}
            data-count={reaction.count}
            onClick={() => onReact(emoji)}
          >
            <span class="emoji">{emoji}</span>
            <span>{reaction.count}</span>
          </button>
        );
      })}
      {mayReact && (
        <EmojiPicker class="reaction add" testId="add-reaction" onChoose={onReact}>
          <Icon name="smile" />
        </EmojiPicker>
      )}
    </div>
  );
}
