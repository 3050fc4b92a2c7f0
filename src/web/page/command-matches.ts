import type { CommandWord } from "../../conversation/domain/command.ts";

/** The commands that the text may become: those whose names begin with it. None once it has a space. */
export function commandMatches(text: string, commands: readonly CommandWord[]): readonly CommandWord[] {
  const typed = /^\/([a-z0-9_-]*)$/i.exec(text)?.[1]?.toLowerCase();
  return typed === undefined ? [] : commands.filter(({ name }) => name.startsWith(typed));
}

/** The text that a command begins with: ready to be sent, or for what must follow. */
export function commandText({ name, argument }: CommandWord): string {
  return argument === undefined ? `/${name}` : `/${name} `;
}
