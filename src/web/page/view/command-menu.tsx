import { useComputed, useSignal } from "@preact/signals";
import type { CommandWord } from "../../../conversation/domain/command.ts";
import type { Chat } from "../chat.ts";
import { commandMatches, commandText } from "../command-matches.ts";
import { focusCalls, written } from "../written.ts";

/** Completes a text that begins with "/". The field keeps the focus; the menu takes its keys while it is open. */
export type CommandMenuState = {
  readonly matches: readonly CommandWord[];
  readonly chosen: number;
  close(): void;
  pick(command: CommandWord): void;
  /** Whether the key was meant for the menu, and so is for nobody else. */
  takes(event: KeyboardEvent): boolean;
};

export function useCommandMenu(chat: Chat): CommandMenuState {
  const closedAt = useSignal<string | undefined>(undefined);
  const choice = useSignal({ text: "", index: 0 });
  const matches = useComputed(() =>
    written.value === closedAt.value ? [] : commandMatches(written.value, chat.session.value?.commands ?? []),
  );
  // Each new text begins with the first command again.
  const chosen = useComputed(() => (choice.value.text === written.value ? choice.value.index : 0));

  const pick = (command: CommandWord) => {
    written.value = commandText(command);
    focusCalls.value += 1;
  };
  const move = (step: number) => {
    const index = (chosen.value + step + matches.value.length) % matches.value.length;
    choice.value = { text: written.value, index };
    return true;
  };
  const complete = () => {
    const command = matches.value[chosen.value];
    if (!command || written.value.toLowerCase() === `/${command.name}`) return false;
    pick(command);
    return true;
  };

  return {
    matches: matches.value,
    chosen: chosen.value,
    pick,
    close: () => (closedAt.value = written.value),
    takes({ key, shiftKey }) {
      if (matches.value.length === 0 || shiftKey) return false;
      if (key === "ArrowDown") return move(1);
      if (key === "ArrowUp") return move(-1);
      return (key === "Enter" || key === "Tab") && complete();
    },
  };
}

export function CommandMenu({ menu: { matches, chosen, pick } }: { menu: CommandMenuState }) {
  if (matches.length === 0) return null;
  return (
    <ul class="commands" id={commandMenuId} role="listbox" aria-label="Commands">
      {matches.map((command, index) => (
        <li
          key={command.name}
          id={commandOptionId(index)}
          role="option"
          aria-selected={index === chosen}
          onPointerDown={(event) => event.preventDefault()} // the field keeps the focus, the phone its keyboard
          onClick={() => pick(command)}
        >
          <code>
            /{command.name} {command.argument && <var>{command.argument}</var>}
          </code>
          <span>{command.summary}</span>
        </li>
      ))}
    </ul>
  );
}

export const commandMenuId = "commands";

export function commandOptionId(index: number): string {
  return `command-${index}`;
}
