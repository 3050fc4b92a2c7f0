import { say } from "../domain/words/say.ts";
import type { Place, PlaceRules } from "../ports/place-settings.ts";
import type { CommandHandler } from "./command-handler.ts";

/**
 * `/parley settings`: what moderators have decided for their place. `mode=reply`, `add-channel=ID`, `remove-channel=ID`, `add-role=ID`
 * and `remove-role=ID` change it.
 */
export const parley: CommandHandler = {
  async run(argument, { message }, { placeSettings }) {
    const { channel, moderates, language } = message;
    if (moderates === undefined) return say(language, "settings.refused");
    const place: Place = { channel, id: moderates };
    const [first, ...changes] = argument.split(/\s+/).filter(Boolean);
    if (first !== undefined && first !== "settings") return say(language, "settings.unknown", { written: first });

    let rules = await placeSettings.find(place);
    for (const written of changes) {
      const changed = change(rules, written);
      if (changed === "full") return say(language, "settings.full", { count: listedMax });
      if (!changed) return say(language, "settings.unknown", { written: written.slice(0, shownCharsMax) });
      rules = changed;
    }
    if (changes.length > 0) await placeSettings.save(place, rules);
    return describe(rules, language);
  },
};

/** @returns undefined when it says nothing that is understood */
function change(rules: PlaceRules, written: string): PlaceRules | "full" | undefined {
  const [, name = "", value = ""] = /^([a-z-]+)=(.+)$/.exec(written) ?? [];
  if (name === "mode") return isMode(value) ? { ...rules, mode: value } : undefined;
  if (!/^\d{1,20}$/.test(value)) return undefined;
  const { channelIds = [], roleIds = [], ...others } = rules;
  switch (name) {
    case "add-channel":
      return withLists(others, [...new Set([...channelIds, value])], roleIds);
    case "remove-channel":
      return withLists(
        others,
        channelIds.filter((id) => id !== value),
        roleIds,
      );
    case "add-role":
      return withLists(others, channelIds, [...new Set([...roleIds, value])]);
    case "remove-role":
      return withLists(
        others,
        channelIds,
        roleIds.filter((id) => id !== value),
      );
    default:
      return undefined;
  }
}

/** An empty list would let nobody in: it is none. */
function withLists(
  rules: Pick<PlaceRules, "mode">,
  channelIds: readonly string[],
  roleIds: readonly string[],
): PlaceRules | "full" {
  if (Math.max(channelIds.length, roleIds.length) > listedMax) return "full";
  return { ...rules, ...(channelIds.length > 0 && { channelIds }), ...(roleIds.length > 0 && { roleIds }) };
}

function describe({ mode = "thread", channelIds, roleIds }: PlaceRules, language: string | undefined): string {
  const channels = channelIds?.map((id) => `[#${id}](channel:${id})`).join(" ");
  const roles = roleIds?.map((id) => `[@${id}](role:${id})`).join(" ");
  return [
    `- ${say(language, `settings.${mode}`)}`,
    `- ${channels ? say(language, "settings.channels", { channels }) : say(language, "settings.allChannels")}`,
    `- ${roles ? say(language, "settings.roles", { roles }) : say(language, "settings.allRoles")}`,
  ].join("\n");
}

function isMode(value: string): value is NonNullable<PlaceRules["mode"]> {
  return value === "thread" || value === "reply" || value === "slash";
}

const listedMax = 100;
const shownCharsMax = 60;
