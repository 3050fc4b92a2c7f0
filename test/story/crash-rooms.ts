import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { HistoryAnswer } from "../../src/channels/web-chat/api.ts";
import { replyMarkdown } from "../../src/conversation/domain/reply.ts";
import { startDiscordDouble } from "../doubles/discord-double.ts";
import { startTelegramDouble } from "../doubles/telegram-double.ts";
import { findFreePort } from "../setup/find-free-port.ts";
import { until } from "../until.ts";
import { visitChat } from "../web/visit-chat.ts";
import type { Environment } from "./start-parley.ts";

export const ways = [
  "web",
  "telegram by polling",
  "telegram by webhook",
  "telegram with drafts that fade",
  "discord",
  "discord by command",
] as const;
/** How messages come and replies go. */
export type Way = (typeof ways)[number];

/** A platform with rooms, as the people in them see it. */
export type Side = {
  readonly settings: Environment;
  /** How much of an answer fits into one part, if it has parts. */
  readonly partChars: number;
  /** Each is a person of its own. While Parley serves. */
  openRoom(index: number): Promise<Room>;
  /** Whether the platform knows that everything was taken. */
  acknowledged(): boolean;
  /** Until what is written now arrives. */
  connected(): Promise<unknown>;
  /** What nobody should have asked for, or not then. */
  complaints(): readonly string[];
  close(): Promise<void>;
};

export type Room = {
  /** "channel/room", for PARLEY_FAILPOINT. */
  readonly key: string;
  /** Resolves when it is taken; the page writes again what was not. */
  write(text: string): Promise<void>;
  /** Changes what was written last. Nobody can on a page. */
  edit(text: string): Promise<void>;
  /** What Parley shows for good, oldest first. */
  shown(): Promise<readonly Part[]>;
  /** Whether so many parts of an answer can be seen, the growing one among them. */
  hasDraft(parts: number): Promise<boolean>;
  /** The next message to this room is refused for good, as by someone who blocks the bot. Undefined where nobody can. */
  readonly refuseNext?: () => void;
};

export type Part = {
  readonly id: string;
  readonly text: string;
  /** What is in its file: the whole of a long answer. */
  readonly whole?: string;
};

export async function openSide(way: Way): Promise<Side> {
  // The same after each restart: it is where the page, or Telegram, goes.
  const port = String(await findFreePort());
  if (way === "web") return webSide(port);
  if (way === "discord" || way === "discord by command") return await discordSide(port, way);
  const isWebhook = way === "telegram by webhook";
  // Elsewhere drafts are messages, as in groups: there is more that can be left behind.
  const knowsDrafts = way === "telegram with drafts that fade";
  const more: Environment = isWebhook ? { TELEGRAM_WEBHOOK_URL: `http://127.0.0.1:${port}` } : {};
  return await telegramSide(port, more, knowsDrafts);
}

async function telegramSide(port: string, more: Environment, knowsDrafts: boolean): Promise<Side> {
  const telegram = await startTelegramDouble({ floodLimits: false, knowsDrafts });
  const shown = (chat: number) =>
    telegram
      .transcript(chat)
      .filter(({ fromBot }) => fromBot)
      .map(({ id, text, document }) => ({ id: String(id), text, ...(document && { whole: document.text }) }));
  return {
    settings: { PORT: port, WEB_CHAT: "off", TELEGRAM_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url, ...more },
    partChars: 4_096,
    async openRoom(index) {
      const chat = 1_000 + index;
      let lastId = 0;
      return {
        key: `telegram/${telegram.botId}/${chat}`,
        write: async (text) => void (lastId = telegram.say({ chat, text })),
        edit: async (text) => telegram.edit(chat, lastId, text),
        shown: async () => shown(chat),
        hasDraft: async (parts) => shown(chat).length + (telegram.draft(chat)?.text ? 1 : 0) >= parts,
        refuseNext: () =>
          telegram.failNext("sendMessage", { status: 403, description: "Forbidden: bot was blocked by the user" }),
      };
    },
    acknowledged: () => telegram.pendingUpdates === 0,
    connected: () => until(() => telegram.webhookUrl || telegram.callsOf("getUpdates").length > 0, "Telegram", 30_000),
    complaints: () => [...telegram.unknownRequests, ...telegram.violations],
    close: () => telegram.close(),
  };
}

async function discordSide(port: string, way: "discord" | "discord by command"): Promise<Side> {
  // Its limits are another test's business.
  const discord = await startDiscordDouble({ rateLimit: undefined, globalPerSecond: 100_000 });
  const shown = (channel: string) =>
    discord
      .transcript(channel)
      .filter(({ id }) => discord.message(id)?.author.id === discord.botId)
      .map(({ id, content, files: [file] }) => ({ id, text: content, ...(file && { whole: file.text }) }));
  return {
    settings: { PORT: port, WEB_CHAT: "off", DISCORD_TOKEN: discord.token, DISCORD_API_BASE: discord.apiBase },
    partChars: 2_000,
    async openRoom(index) {
      const author = `person-${index}`;
      const channel = discord.dm(author);
      let lastId = "";
      const noAccess = { status: 403, body: { code: 50_001, message: "Missing Access" } };
      return {
        key: `discord/${discord.botId}/${channel}`,
        async write(content) {
          if (way === "discord") lastId = discord.say({ channel, author, content });
          else discord.interact({ channel, author, command: "chat", options: { question: content } });
        },
        edit: async (content) => discord.edit(lastId, content),
        shown: async () => shown(channel),
        // A command's answer stands there without a word at first.
        hasDraft: async (parts) => shown(channel).filter(({ text }) => text !== "").length >= parts,
        refuseNext: () => discord.failNext({ method: "POST", path: new RegExp(`/${channel}/messages$`) }, noAccess),
      };
    },
    acknowledged: () => true,
    connected: () => until(() => discord.connected() > 0, "Discord is connected", 30_000),
    complaints: () => [...discord.unknownRequests, ...discord.violations],
    close: () => discord.close(),
  };
}

function webSide(port: string): Side {
  const url = `http://127.0.0.1:${port}`;
  return {
    settings: { PORT: port },
    partChars: 4_096,
    async openRoom() {
      const page = await visitChat(url);
      let stream: Awaited<ReturnType<typeof page.stream>> | undefined;
      const secret = page.cookies.get("parley_visitor") ?? "";
      return {
        key: `web/${createHash("sha256").update(secret).digest("hex")}`,
        async write(text) {
          const id = crypto.randomUUID();
          stream = await page.stream().catch(() => stream);
          const isTaken = async () => (await page.write(text, id).catch(() => undefined))?.response.status === 202;
          await until(isTaken, `the page is rid of “${text}”`, 30_000);
        },
        edit: async () => expect.unreachable("nobody edits on a page"),
        async shown() {
          const { turns } = (await (await page.request("/api/chat/messages?limit=50")).json()) as HistoryAnswer;
          return turns.flatMap(({ turnId, reply }) => (reply ? [{ id: turnId, text: replyMarkdown(reply) }] : []));
        },
        hasDraft: async () => stream?.drafts().some(({ text }) => text !== "") ?? false,
      };
    },
    acknowledged: () => true,
    connected: async () => {},
    complaints: () => [],
    close: async () => {},
  };
}
