import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { DiscordRest } from "./discord-rest.ts";
import type { DiscordCommand } from "./write-commands.ts";

/**
 * Makes the commands appear in Discord's menu. Writes only when they differ from what is registered: Discord counts
 * the writes of a day.
 *
 * @throws DiscordRefusal
 */
export async function registerCommands(
  applicationId: string,
  ours: readonly DiscordCommand[],
  rest: DiscordRest,
): Promise<void> {
  const route = `/applications/${applicationId}/commands` as const;
  const registered = registeredCommands.parse(await rest.call("GET", route, { query: { with_localizations: "true" } }));
  const isOurs = ({ type }: { readonly type: number }) => ours.some((command) => command.type === type);
  if (isDeepStrictEqual(comparable(registered.filter(isOurs)), comparable(ours))) return;

  // The write replaces everything, so what is of another kind (an activity's entry point) is handed back as it was.
  await rest.call("PUT", route, { body: [...registered.filter((command) => !isOurs(command)), ...ours] });
}

/** By what we say of a command: Discord adds ids, and leaves out what is empty. */
function comparable(commands: readonly unknown[]): readonly Known[] {
  return commands.map((command) => known.parse(command)).toSorted(byName);
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}

const localizations = z
  .record(z.string(), z.string())
  .nullish()
  .transform((given) => given ?? {});
const numbers = z
  .array(z.number())
  .nullish()
  .transform((given) => (given ?? []).toSorted((a, b) => a - b));
const described = {
  type: z.number(),
  name: z.string(),
  description: z.string().default(""),
  name_localizations: localizations,
  description_localizations: localizations,
};
const simpleOption = z.object({
  ...described,
  required: z.boolean().default(false),
  autocomplete: z.boolean().default(false),
  choices: z
    .array(z.object({ name: z.string(), name_localizations: localizations, value: z.union([z.string(), z.number()]) }))
    .default([]),
});
const option = simpleOption.extend({ options: z.array(simpleOption).default([]) });
const known = z.object({
  ...described,
  default_member_permissions: z.string().nullish().default(null),
  options: z.array(option).default([]),
  integration_types: numbers,
  contexts: numbers,
});
type Known = z.output<typeof known>;
const registeredCommands = z.array(z.looseObject({ type: z.number().default(1) }));
