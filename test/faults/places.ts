import { chatLimits, chatPaths, type HistoryAnswer } from "../../src/channels/web-chat/api.ts";
import { visitChat } from "../web/visit-chat.ts";
import type { Cluster } from "./cluster.ts";
import { pauseFor } from "./pause-for.ts";

/** A room, as the people in it see it. */
export type Place = {
  /** Stands in every text that is written here, so that words of another place are seen. */
  readonly name: string;
  readonly channel: "telegram" | "discord" | "web";
  /** How many messages were written here. */
  written: number;
  /** Resolves when the platform, or the web server, has taken it. */
  write(text: string): Promise<void>;
  /** What the program shows here, oldest first. */
  shown(): readonly Part[];
};

export type Part = { readonly id: string; readonly text: string };

export type PlacesOptions = {
  readonly telegram?: number;
  readonly discord?: number;
  /** On Discord, by slash commands. */
  readonly commands?: number;
  readonly web?: number;
};

const acceptMs = 120_000;
const againMs = 300;
/** Each tenth place is a group of three. */
const isGroup = (index: number) => index % 10 === 9;

/** Opens rooms on each platform. */
export async function openPlaces(cluster: Cluster, many: PlacesOptions): Promise<readonly Place[]> {
  const places: Place[] = [];
  const add = async (count: number, open: (index: number, name: string) => Promise<Place> | Place) => {
    for (let index = 0; index < count; index++) places.push(await open(index, `R${places.length + 1}`));
  };
  await add(many.telegram ?? 0, (index, name) => telegramPlace(cluster, index, name));
  await add(many.discord ?? 0, (index, name) => discordPlace(cluster, index, name));
  await add(many.commands ?? 0, (_, name) => commandPlace(cluster, name));
  await add(many.web ?? 0, (_, name) => webPlace(cluster, name));
  return places;
}

function telegramPlace({ telegram, random }: Cluster, index: number, name: string): Place {
  const chat = isGroup(index) ? -1_000_000_000_000 - index : 1_000 + index;
  return {
    name,
    channel: "telegram",
    written: 0,
    async write(text) {
      if (chat > 0) telegram.say({ chat, text });
      else telegram.say({ chat, from: random.whole(1, 3) * 1_000_000 + index, text: `@${telegram.username} ${text}` });
    },
    shown: () =>
      telegram.transcript(chat).flatMap(({ id, fromBot, text }) => (fromBot ? [{ id: String(id), text }] : [])),
  };
}

function discordPlace(cluster: Cluster, index: number, name: string): Place {
  const { discord, random } = cluster;
  const person = `person-${index}`;
  const channel = isGroup(index) ? discord.serverChannel("voice") : discord.dm(person); // one conversation, to be audited as one
  return {
    name,
    channel: "discord",
    written: 0,
    async write(text) {
      if (isGroup(index))
        discord.say({ channel, author: `${person}-${random.whole(1, 3)}`, content: `<@${discord.botId}> ${text}` });
      else discord.say({ channel, author: person, content: text });
    },
    shown: () => shownOnDiscord(cluster, channel),
  };
}

/** Each command's answer has its place in the room from the start, so a person waits for it before the next one. */
function commandPlace(cluster: Cluster, name: string): Place {
  const { discord } = cluster;
  const author = `commander-${name}`;
  const channel = discord.dm(author);
  const shown = () => shownOnDiscord(cluster, channel);
  return {
    name,
    channel: "discord",
    written: 0,
    async write(text) {
      discord.interact({ channel, author, command: "chat", options: { question: text } });
      const [, marker] = /Question (R\d+#\d+)/.exec(text) ?? [];
      const endsAtMs = performance.now() + acceptMs;
      const isAnswered = () => shown().some((part) => part.text.includes(`End of ${marker}.`));
      while (!isAnswered() && performance.now() < endsAtMs) await pauseFor(againMs);
    },
    shown,
  };
}

function shownOnDiscord({ discord }: Cluster, channel: string): readonly Part[] {
  return discord
    .transcript(channel)
    .filter(({ id }) => discord.message(id)?.author.id === discord.botId)
    .map(({ id, content }) => ({ id, text: content }));
}

/** A page that writes again what was not taken, and follows its room again when the stream breaks. */
async function webPlace({ balancer }: Cluster, name: string): Promise<Place> {
  const page = await visitChat(balancer.url);
  let stream = await page.stream();
  const seen = new Map<string, string>();
  const look = () => {
    for (const { turnId, reply } of stream.turns()) if (reply) seen.set(turnId, reply.text);
  };
  let opening: Promise<void> | undefined;
  const openAgain = async () => {
    look();
    // A new stream begins with the newest turns only; what is older, and was written meanwhile, stands in the history.
    const history = await page.request(`${chatPaths.messages}?limit=${chatLimits.turnsMax}`).catch(() => undefined);
    const { turns = [] } = history?.ok ? ((await history.json()) as Partial<HistoryAnswer>) : {};
    for (const { turnId, reply } of turns) if (reply) seen.set(turnId, reply.text);
    const opened = await page.stream().catch(() => undefined);
    if (opened) stream = opened;
  };
  return {
    name,
    channel: "web",
    written: 0,
    async write(text) {
      const id = crypto.randomUUID();
      const endsAtMs = performance.now() + acceptMs;
      while (performance.now() < endsAtMs) {
        const { response } = (await page.write(text, id).catch(() => undefined)) ?? {};
        await response?.body?.cancel();
        if (response?.status === 202) return;
        await pauseFor(againMs);
      }
      throw new Error(`${name} was not taken within ${acceptMs} ms`);
    },
    shown() {
      look();
      if (!stream.isOpen()) opening ??= openAgain().finally(() => (opening = undefined));
      return [...seen].map(([id, text]) => ({ id, text }));
    },
  };
}
