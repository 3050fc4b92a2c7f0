import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { CommandWord } from "../../conversation/domain/command.ts";
import type { DiscordRest } from "./discord-rest.ts";

/**
 * Makes the commands appear in Discord's menu. Writes only when they differ from what is registered: Discord counts
 * the writes of a day.
 *
 * @throws DiscordRefusal
 */
export async function registerCommands(
  applicationId: string,
  words: readonly CommandWord[],
  rest: DiscordRest,
): Promise<void> {
  const route = `/applications/${applicationId}/commands` as const;
  const registered = registeredCommands.parse(await rest.call("GET", route));
  const ours = words.map(writeCommand);
  const slash = registered.filter(({ type }) => type === chatInput).map((command) => known.parse(command));
  if (isDeepStrictEqual(sorted(slash), sorted(ours))) return;

  // The write replaces everything, so what is not a slash command (an activity's entry point) is handed back as it was.
  const others = registered.filter(({ type }) => type !== chatInput);
  await rest.call("PUT", route, { body: [...others, ...ours] });
}

function writeCommand({ name, summary, argument }: CommandWord): Known {
  const option = argument && {
    type: textOption,
    name: /[\w-]{1,32}/.exec(argument)?.[0].toLowerCase() ?? "text",
    description: argument.slice(0, descriptionCharsMax),
    required: false,
  };
  return {
    type: chatInput,
    name,
    description: summary.slice(0, descriptionCharsMax),
    options: option ? [option] : [],
  };
}

function sorted(commands: readonly Known[]): readonly Known[] {
  return commands.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

const chatInput = 1;
const textOption = 3;
const descriptionCharsMax = 100;

/** What of a command is ours to say; Discord adds ids and defaults. */
const known = z.object({
  type: z.number(),
  name: z.string(),
  description: z.string(),
  options: z
    .array(
      z.object({ type: z.number(), name: z.string(), description: z.string(), required: z.boolean().default(false) }),
    )
    .default([]),
});
type Known = z.output<typeof known>;
const registeredCommands = z.array(z.looseObject({ type: z.number().default(chatInput) }));
