import type { ChannelMessage } from "../../conversation/domain/message.ts";
import { say } from "../../conversation/domain/words/say.ts";
import type { Channel } from "../../conversation/ports/channel.ts";
import type { PlaceSettings } from "../../conversation/ports/place-settings.ts";
import { readAddress } from "./discord-address.ts";

/**
 * Makes `Channel.explain` for Discord: what the moderators of a server have decided is said, too.
 *
 * @param hearsAll whether the bot may read what does not mention it, as every instance can find out
 */
export function explainPlace(
  places: Pick<PlaceSettings, "find">,
  hearsAll: () => Promise<boolean>,
): NonNullable<Channel["explain"]> {
  return async ({ audience, language, address }: ChannelMessage) => {
    if (audience === "direct") return say(language, "why.direct");
    const { guildId } = readAddress(address);
    if (!guildId) return say(language, "why.group");
    const { mode = "thread", channelIds, roleIds } = await places.find({ channel: "discord", id: guildId });
    return [
      say(language, modes[mode]),
      mode === "thread" && say(language, (await hearsAll()) ? "why.ownThreads" : "why.deafThreads"),
      channelIds && say(language, "why.channels"),
      roleIds && say(language, "why.roles"),
    ]
      .filter(Boolean)
      .join(" ");
  };
}

const modes = { thread: "why.threads", reply: "why.group", slash: "why.slash" } as const;
