import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { deriveWebhookSecret } from "../../src/channels/telegram/derive-webhook-secret.ts";
import { telegramChannel } from "../../src/channels/telegram/telegram-channel.ts";
import { commandWords } from "../../src/conversation/commands/command-words.ts";
import { ChannelError, StoreError } from "../../src/conversation/domain/errors.ts";
import { languages } from "../../src/conversation/domain/words/catalogues.ts";
import { say } from "../../src/conversation/domain/words/say.ts";
import { BadDeliveryError, type Channel } from "../../src/conversation/ports/channel.ts";
import { Secret } from "../../src/secret.ts";
import { inProcessWire } from "../../src/store/in-process/in-process-wire.ts";
import type { TelegramDouble } from "../doubles/telegram-double.ts";
import { holding } from "../holding.ts";
import { until } from "../until.ts";
import {
  asked,
  botTexts,
  channelTo,
  closing,
  commands,
  complete,
  listening,
  telegram,
  timings,
  turnOf,
  pausesOver,
  writesOver,
} from "./open-telegram.ts";

/** One that surely still waits, however busy the machine is. */
const longPoll = { pollSeconds: 25 };

test("a message is confirmed only after it is kept, and comes again until then", async () => {
  const double = await telegram();
  let outages = 2;
  const { kept } = listening(channelTo(double), () => {
    outages -= 1;
    return outages >= 0 ? Promise.reject(new StoreError("the database is away", undefined)) : Promise.resolve([]);
  });
  double.say({ chat: 7, text: "Hello" });
  double.say({ chat: 7, text: "World" });
  await until(() => kept.length === 2, "both messages");
  await until(() => double.pendingUpdates === 0, "the confirmation");
  expect(kept.map(({ text }) => text)).toEqual(["Hello", "World"]);
  expect(outages).toBeLessThan(0);
});

test("while the database is away nothing is confirmed, and the pauses grow", async () => {
  const double = await telegram();
  double.say({ chat: 7, text: "Hello" });
  const channel = channelTo(double);
  let tries = 0;
  listening(channel, () => Promise.reject(new StoreError(`away ${++tries}`, undefined)));
  await until(() => tries >= 2, "two tries", 8_000);
  expect(double.pendingUpdates).toBe(1);
  expect(channel.health()).toEqual({ state: "connecting", reason: expect.stringContaining("away") });
}, 15_000);

test("what came while nobody listened is taken, 250 messages too, also after the ids have restarted", async () => {
  const double = await telegram();
  for (let count = 0; count < 250; count += 1) double.say({ chat: 7, text: `${count}` });
  const { kept } = listening(channelTo(double));
  await until(() => kept.length === 250 && double.pendingUpdates === 0, "all messages", 15_000);
  await until(() => double.callsOf("getUpdates").at(-1)?.params["offset"] === undefined, "a poll without an offset");
  double.nextUpdateId = 10;
  double.say({ chat: 7, text: "After the quiet week" });
  await until(() => kept.length === 251, "the message with a lower id", 8_000);
}, 30_000);

test("an update that cannot be read does not hold up those behind it", async () => {
  const double = await telegram();
  const channel = channelTo(double);
  const { kept } = listening(channel);
  double.push({ message: { message_id: "nine" } });
  double.say({ chat: 7, text: "Hello" });
  await until(() => kept.length === 1, "the message");
  expect(channel.reports[0]).toContain("left out");
});

test("listening ends at once when it is told to, in the middle of a poll", async () => {
  const double = await telegram();
  const channel = channelTo(double, {}, longPoll);
  const { close } = listening(channel);
  await until(() => channel.health().state === "connected" && double.callsOf("getUpdates").length > 1, "the long poll");
  const startedAt = Date.now();
  await close();
  expect(Date.now() - startedAt).toBeLessThan(10_000);
});

test("a second poller takes turns instead of giving up", async () => {
  const double = await telegram();
  const [first, second] = [channelTo(double), channelTo(double)];
  const one = listening(first);
  await until(() => double.callsOf("getUpdates").length > 1, "the first poll");
  const two = listening(second);
  await until(() => first.reports.some((line) => line.includes("409")), "the conflict");
  await two.close();
  double.say({ chat: 7, text: "Hello" });
  await until(() => one.kept.length + two.kept.length > 0, "the message");
  await until(() => first.health().state === "connected", "the first to be connected again");
});

test("polling begins by itself though an instance that a deploy has not reached yet sets its webhook again and again", async () => {
  const double = await telegram();
  const old = listening(channelOfWebhook(double));
  await until(() => double.webhookUrl !== "", "the webhook");
  const { kept } = listening(channelTo(double));
  await until(() => double.callsOf("setWebhook").length > 3, "some fighting");
  await old.close();
  double.say({ chat: 7, text: "Hello" });
  await until(() => kept.length === 1, "the message");
  expect(double.webhookUrl).toBe("");
});

test("a webhook that is set while a poll waits ends it, as Telegram says, and is removed", async () => {
  const double = await telegram();
  const channel = channelTo(double, {}, longPoll);
  const { kept } = listening(channel);
  await until(() => channel.health().state === "connected" && double.callsOf("getUpdates").length > 1, "the long poll");
  await fetch(`${double.url}/bot${double.token}/setWebhook`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ url: "http://127.0.0.1:9/" }),
  });
  double.say({ chat: 7, text: "Hello" });
  await until(() => kept.length === 1, "the message");
  expect(channel.reports.join()).toContain("terminated by setWebhook request");
});

test.each([
  ["is wrong", (double: TelegramDouble) => ({ token: new Secret(`${double.botId}:a-wrong-token-of-the-tests`) })],
  ["is none", () => ({ token: new Secret("a/b") })],
])("a token that %s ends with what to do", async (_, options) => {
  const double = await telegram();
  const channel = channelTo(double, options(double));
  const error = await listening(channel).ended.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ChannelError);
  expect(error).toMatchObject({ retryable: false, message: expect.stringMatching(/@BotFather.*TELEGRAM_TOKEN/) });
  expect(channel.health().state).toBe("failed");
});

test("resets, silence and HTML instead of answers are survived, and no report shows the token", async () => {
  const double = await telegram();
  const channel = channelTo(double);
  double.failNext("getMe", "reset");
  double.failNext("getMe", "html");
  double.failNext("deleteWebhook", { status: 502, description: "Bad Gateway" });
  double.failNext("getUpdates", "reset");
  double.failNext("getUpdates", "hang");
  const { kept } = listening(channel);
  double.say({ chat: 7, text: "Hello" });
  await until(() => kept.length === 1, "the message", 15_000);
  expect(channel.reports).toHaveLength(5);
  expect(channel.reports.join()).not.toContain(double.token.split(":")[1]);
});

test("the command menu is written in every language where it differs, and only there", async () => {
  const double = await telegram();
  const start = async () => {
    const channel = channelTo(double, { commands: commandWords });
    const { close } = listening(channel);
    await until(() => channel.health().state === "connected", "the connection", 15_000);
    await close();
  };
  await start();
  const menus = double.callsOf("setMyCommands").length;
  expect(menus).toBe(3 * (1 + languages.length));
  expect(double.commands("all_private_chats", "de")).toContainEqual({
    command: "help",
    description: say("de", "commands.help"),
  });
  expect(double.commands("all_private_chats")).toEqual(double.commands());
  expect(double.commands("default", "ja").map(({ command }) => command)).toContain("start");
  expect(double.commands("all_group_chats", "fr").map(({ command }) => command)).not.toContain("start");
  await start();
  expect(double.callsOf("setMyCommands")).toHaveLength(menus);
});

test("an album in a group is for us when its first picture says so", async () => {
  const double = await telegram({ privacyMode: false });
  const { kept } = listening(channelTo(double));
  const picture = (album: string, caption?: string) => {
    const photo = [{ file_id: double.files.add(Buffer.from("x")), file_unique_id: "x", width: 1, height: 1 }];
    double.say({ chat: -5, from: 7, extra: { photo, media_group_id: album, ...(caption && { caption }) } });
  };
  picture("1", "@parley_bot look");
  picture("2", "not for you");
  for (const album of ["1", "2", "1"]) picture(album);
  await until(() => double.pendingUpdates === 0, "all are taken");
  expect(kept.map(({ joins }) => joins?.key)).toEqual(["album:1", "album:1", "album:1"]);
});

test("only a comment waits: for what its author passes on in the same second, be it an album", async () => {
  const double = await telegram({ privacyMode: false });
  const forward_origin = { type: "hidden_user", date: 1, sender_user_name: "Eve" };
  const photo = [{ file_id: "p", width: 1 }];
  const at = (date: number, more = {}) => ({ extra: { date, ...more } });
  double.say({ chat: 7, text: "Is this true?", ...at(100) });
  double.say({ chat: 8, text: "Mine comes later", ...at(100) });
  double.say({ chat: 7, text: "A", ...at(101, { forward_origin }) });
  double.say({ chat: 8, text: "B", ...at(102, { forward_origin }) });
  double.say({ chat: 9, text: "/help", ...at(100) });
  double.say({ chat: 9, text: "C", ...at(100, { forward_origin }) });
  double.say({ chat: 10, text: "And these?", ...at(100) });
  double.say({ chat: 10, ...at(100, { forward_origin, photo, media_group_id: "5" }) });
  const { kept } = listening(channelTo(double));
  await until(() => kept.length === 8, "the messages");
  expect(kept.filter(({ text }) => text !== "").map(({ text, joins }) => [text, joins])).toEqual([
    ["Is this true?", { key: "paste:7", windowMs: 1_000 }],
    ["Mine comes later", { key: "paste:8", windowMs: 0 }],
    ["/help", undefined],
    ["And these?", { key: "album:5", windowMs: 1_000 }],
  ]);
});

test("without drafts a reply appears: typing, then text that grows, then its final form, in one message", async () => {
  const double = await telegram({ knowsDrafts: false });
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  expect(await show({ text: "" })).toEqual([]);
  expect(double.callsOf("sendChatAction")[0]?.params).toEqual({ chat_id: 7, action: "typing" });
  const draft = await show({ text: "Hello **wor" });
  await show({ text: "Hello **world**, I" }, draft);
  expect(await show(complete("Hello **world**."), draft)).toEqual(draft);
  expect(double.transcript(7).at(-1)).toMatchObject({
    text: "Hello world.",
    entities: [{ type: "bold", offset: 6, length: 5 }],
    edits: 2,
  });
  expect(double.callsOf("sendMessage")).toHaveLength(1);
  expect(double.callsOf("sendMessage")[0]?.params["link_preview_options"]).toEqual({ is_disabled: true });
  expect(double.callsOf("sendMessage")[0]?.params).not.toHaveProperty("reply_parameters");
});

test("showing the same again changes nothing, in this process or in the next one", async () => {
  const double = await telegram();
  const { show, message } = await asked(double, { chat: 7, text: "Hi" });
  const shown = await show(complete("Hello."));
  expect(await show(complete("Hello."), shown)).toEqual(shown);
  expect(double.callsOf("editMessageText")).toHaveLength(0);
  const next = channelTo(double);
  expect(await next.show(turnOf(message, shown), complete("Hello."), async () => {}, holding())).toEqual(shown);
  expect(double.callsOf("editMessageText")).toHaveLength(1);
  expect(double.transcript(7).at(-1)).toMatchObject({ text: "Hello.", edits: 0 });
});

test("a long answer comes in parts that are noted one by one, and shrinks again", async () => {
  const double = await telegram();
  const { show, noted } = await asked(double, { chat: 7, text: "Hi" });
  const long = `Start.\n\n\`\`\`js\n${"let a = 1;\n".repeat(900)}\`\`\`\n\nEnd.`;
  const shown = await show(complete(long));
  expect(shown).toHaveLength(3);
  expect(noted).toEqual([shown.slice(0, 1), shown.slice(0, 2)]);
  const texts = botTexts(double, 7);
  expect(texts.join("\n").match(/let a = 1;/g)).toHaveLength(900);
  expect(await show(complete("Short."), shown)).toEqual(shown.slice(0, 1));
  expect(botTexts(double, 7)).toEqual(["Short."]);
});

test("a file comes through a line so slow that no other call may take as long, and is sent once", async () => {
  const double = await telegram({ bytesPerSecond: 70_000 });
  const { show } = await asked(double, { chat: 7, text: "/export" });
  const file = { name: "export.md", mimeType: "text/markdown", text: "All that was said. ".repeat(15_000) };
  await show({ ...complete("Here it is."), file });
  expect(double.transcript(7).at(-1)).toMatchObject({
    text: "Here it is.",
    document: { name: file.name, text: file.text },
  });
  expect(double.callsOf("editMessageMedia")).toHaveLength(1);
});

test("a shutdown does not wait for a file on a slow line", async () => {
  const double = await telegram({ bytesPerSecond: 20_000 });
  const { channel, message } = await asked(double, { chat: 7, text: "/export" });
  const file = { name: "export.md", mimeType: "text/markdown", text: "All that was said. ".repeat(15_000) };
  const shutdown = new AbortController();
  const showing = channel.show(
    turnOf(message),
    { ...complete("Here it is."), file },
    async () => {},
    holding(shutdown.signal),
  );
  showing.catch(() => {});
  await until(() => botTexts(double, 7).length > 0, "the words");
  const startedAt = Date.now();
  shutdown.abort("shutdown");
  await expect(showing).rejects.toThrow();
  expect(Date.now() - startedAt).toBeLessThan(3_000);
});

test("a draft that outgrows its message leaves the first one whole and goes on in a second", async () => {
  const double = await telegram({ knowsDrafts: false });
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  const text = "A sentence of some words. ".repeat(170);
  const first = await show({ text: text.slice(0, 3_000) });
  const both = await show({ text }, first);
  expect(both).toHaveLength(2);
  expect(await show(complete(text), both)).toEqual(both);
  expect(botTexts(double, 7).join(" ")).toBe(text.trim());
});

test("if the formatting is refused, the same text goes out plain", async () => {
  const double = await telegram({ knowsDrafts: false });
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  double.failNext("sendMessage", { status: 400, description: "Bad Request: can't parse entities: whatever" });
  const shown = await show({ text: "Hello **world**" });
  expect(double.transcript(7).at(-1)).toMatchObject({ text: "Hello world", entities: [] });
  double.failNext("editMessageText", { status: 400, description: "Bad Request: ENTITY_BOUNDS_INVALID" });
  await show(complete("Hello **wide** world"), shown);
  expect(double.transcript(7).at(-1)).toMatchObject({ text: "Hello wide world", entities: [] });
});

test("a part that someone deleted is sent anew", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  const shown = await show({ text: "Hel" });
  double.remove(7, Number(shown[0]));
  const anew = await show(complete("Hello."), shown);
  expect(anew).not.toEqual(shown);
  expect(botTexts(double, 7)).toEqual(["Hello."]);
});

test("after a 429 the chat is left alone for as long as Telegram asked, and other chats are not", async () => {
  const double = await telegram();
  const { show, channel, message } = await asked(double, { chat: 7, text: "Hi" });
  double.say({ chat: 8, text: "Hi" });
  double.failNext("sendMessage", { status: 429, description: "Too Many Requests: retry after 30", retryAfter: 30 });
  await expect(show(complete("Hello."))).rejects.toMatchObject({ retryable: true, retryAfterMs: 30_000 });
  const calls = double.calls.length;
  const again = await show(complete("Hello.")).catch((error: unknown) => error);
  expect(again).toBeInstanceOf(ChannelError);
  expect((again as ChannelError).retryAfterMs).toBeGreaterThan(29_000);
  expect(await show({ text: "" })).toEqual([]);
  expect(await show({ text: "Hel" })).toEqual([]);
  expect(double.calls).toHaveLength(calls);

  const other = { ...message, address: { chatId: 8, messageId: 1 } };
  await channel.show(turnOf(other), complete("Hello."), async () => {}, holding());
  expect(botTexts(double, 8)).toEqual(["Hello."]);
});

test("Telegram's own limits are met with its wait", async () => {
  const double = await telegram({ floodLimits: true });
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  const burst = async () => {
    for (let count = 0; count < 30; count += 1) await show(complete(`${count}`));
  };
  await expect(burst()).rejects.toMatchObject({ retryable: true, retryAfterMs: expect.any(Number) });
  expect(double.callsOf("sendMessage").length).toBeLessThan(30);
});

test.each([
  [{ status: 403, description: "Forbidden: bot was blocked by the user" }, false],
  [{ status: 400, description: "Bad Request: chat not found" }, false],
  [{ status: 500, description: "Internal Server Error" }, true],
  ["reset" as const, true],
  ["hang" as const, true],
  ["html" as const, true],
])("a send that fails with %j says whether to try again: %s", async (fault, retryable) => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  double.failNext("sendMessage", fault);
  const error = await show(complete("Hello.")).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ChannelError);
  expect(error).toMatchObject({ retryable });
  expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain(double.token.split(":")[1]);
});

test("who blocked the bot gets nothing, and that is final", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  double.blocked.add(7);
  await expect(show(complete("Hello."))).rejects.toMatchObject({
    retryable: false,
    message: expect.stringContaining("blocked by the user"),
  });
});

test("in a group the answer replies to its question, also when that is gone", async () => {
  const double = await telegram();
  const { show, message } = await asked(double, { chat: -5, from: 7, text: "@parley_bot hi" });
  expect(message.audience).toBe("group");
  await show(complete("Hello."));
  expect(double.transcript(-5).at(-1)?.replyTo).toBe(Number(message.id));
  double.remove(-5, Number(message.id));
  await show(complete("Hello again."));
  expect(botTexts(double, -5)).toEqual(["Hello.", "Hello again."]);
});

test("in a group an answer pings nobody; in a private chat names can be touched", async () => {
  const double = await telegram();
  const group = await asked(double, { chat: -5, from: 7, text: "@parley_bot call @ada" });
  await group.show(complete("Come, @ada!"));
  const direct = await asked(double, { chat: 7, text: "who makes bots?" });
  await direct.show(complete("@BotFather does."));
  expect([...botTexts(double, -5), ...botTexts(double, 7)]).toEqual(["Come, ＠ada!", "@BotFather does."]);
});

test("in a group the pieces of a paste go with the one that calls the bot; what others write beside it, and what comes later, does not", async () => {
  const double = await telegram({ privacyMode: false });
  const { kept } = listening(channelTo(double));
  const paste = "word ".repeat(830);
  const first = double.say({ chat: -5, from: 7, text: `@parley_bot ${paste}` });
  double.say({ chat: -5, from: 8, text: "a word of Bob's" });
  const second = double.say({ chat: -5, from: 7, text: paste });
  const third = double.say({ chat: -5, from: 7, text: "the rest" });
  double.say({ chat: -5, from: 7, text: "/help@another_bot" });
  double.say({ chat: -5, from: 7, text: "later", extra: { date: Math.floor(Date.now() / 1_000) + 60 } });
  await until(() => double.pendingUpdates === 0, "all are read", 15_000);
  expect(kept.map(({ id }) => id)).toEqual([first, second, third].map(String));
  expect(new Set(kept.map(({ room, joins }) => `${room} ${joins?.key}`)).size).toBe(1);
  expect(kept.map(({ joins }) => joins?.windowMs)).toEqual([1_500, 1_500, 0]);
});

test("in a busy group drafts make room for the answers, and typing shows that it goes on", async () => {
  const double = await telegram({ floodLimits: true });
  const { show } = await asked(double, { chat: -5, from: 7, text: "@parley_bot hi" });
  let shown: readonly string[] = [];
  for (let count = 0; count < 40; count += 1) shown = await show({ text: `Growing ${count}` }, shown);
  await until(() => double.callsOf("sendChatAction").length > 20, "typing");
  await show(complete("Done."), shown);
  expect(botTexts(double, -5)).toEqual(["Done."]);
});

test("in a group whose topics two instances answer, the drafts of both leave room for the answers", async () => {
  const double = await telegram({ floodLimits: true });
  const chat = { id: -1_000_000_000_005, is_forum: true };
  const wire = inProcessWire();
  const topics = [];
  for (const threadId of [11, 12]) {
    const channel = channelTo(double, { writes: writesOver(wire) });
    topics.push({
      ...(await asked(double, { chat, from: 7, threadId, text: "@parley_bot hi" }, channel)),
      id: `${threadId}`,
    });
  }
  const shown = new Map<string, readonly string[]>();
  for (let count = 0; count < 20; count += 1)
    for (const { id, show } of topics) shown.set(id, await show({ text: `Growing ${count}` }, shown.get(id), { id }));
  const edits = () => double.transcript(chat.id).reduce((sum, { edits }) => sum + edits, 0);
  expect(edits() + topics.length).toBe(12);
  for (const { id, show } of topics) await show(complete("Done."), shown.get(id), { id });
  expect(botTexts(double, chat.id)).toEqual(["Done.", "Done."]);
  expect(edits()).toBe(12);
});

test("in a topic the answer stays in the topic; in General it names none", async () => {
  const double = await telegram();
  double.addChat({ id: -1_000_000_000_005, is_forum: true });
  const chat = -1_000_000_000_005;
  const topic = await asked(double, { chat, from: 7, threadId: 77, text: "@parley_bot hi" });
  await topic.show({ text: "" });
  await topic.show(complete("In the topic."));
  expect(double.transcript(chat).at(-1)).toMatchObject({ text: "In the topic.", threadId: 77 });
  const general = await asked(double, { chat, from: 7, text: "@parley_bot hi" });
  await general.show({ text: "" });
  await general.show(complete("In General."));
  expect(double.callsOf("sendChatAction").map(({ params }) => params["message_thread_id"])).toEqual([77, 1]);
  expect(double.transcript(chat).at(-1)).toMatchObject({ text: "In General." });
});

test("a group that became a supergroup is followed", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: -5, from: 7, text: "@parley_bot hi" });
  double.migrate(-5, -1_000_000_000_005);
  await show(complete("Hello."));
  await show(complete("Once more."));
  expect(botTexts(double, -1_000_000_000_005)).toEqual(["Hello.", "Once more."]);
  expect(double.callsOf("sendMessage")).toHaveLength(3);
});

test("an aborted turn rejects with the reason before it calls the platform", async () => {
  const double = await telegram();
  const { channel, message } = await asked(double, { chat: 7, text: "Hi" });
  const stopped = AbortSignal.abort("stopped");
  await expect(channel.show(turnOf(message), complete("Hello."), async () => {}, holding(stopped))).rejects.toBe(
    "stopped",
  );
  expect(botTexts(double, 7)).toEqual([]);
});

test("drafts come as often as the chat tolerates", async () => {
  const double = await telegram();
  const { channel, message } = await asked(double, { chat: 7, text: "Hi" });
  expect(channel.editIntervalMs(message)).toBe(1_000);
  expect(channel.editIntervalMs({ ...message, audience: "group" })).toBe(4_000);
});

test("the derived webhook secret is stable, is allowed by Telegram and is not the token", () => {
  const token = new Secret("42:token");
  expect(deriveWebhookSecret(token).reveal()).toBe(deriveWebhookSecret(token).reveal());
  expect(deriveWebhookSecret(token).reveal()).toMatch(/^[\w-]{1,256}$/);
  expect(deriveWebhookSecret(new Secret("43:token")).equals(deriveWebhookSecret(token).reveal())).toBe(false);
});

const secret = new Secret("a-webhook-secret");
const webhook = { url: "http://127.0.0.1:9/", secret };
/** One that looks often whether its webhook still stands. */
function channelOfWebhook({ token, url: apiRoot }: TelegramDouble) {
  const options = {
    token: new Secret(token),
    apiRoot,
    commands,
    pauses: pausesOver(),
    writes: writesOver(),
    report: () => {},
    webhook,
  };
  return telegramChannel(options, { ...timings, webhookCheckMs: 50 });
}
const update = (id: number, text: string) => ({
  update_id: id,
  message: {
    message_id: id,
    date: 1,
    text,
    from: { id: 7, is_bot: false, first_name: "Ann" },
    chat: { id: 7, type: "private" },
  },
});

test("with a webhook Telegram is told where and by which secret, and a delivery is kept before it is answered", async () => {
  const double = await telegram();
  const channel = channelTo(double, { webhook });
  const { kept } = listening(channel);
  await until(() => channel.health().state === "connected", "the webhook");
  expect(double.webhookUrl).toBe("http://127.0.0.1:9/api/webhook/telegram");
  expect(double.callsOf("setWebhook")[0]?.params).toMatchObject({ secret_token: "a-webhook-secret" });
  expect(channel.receivesAlone).toBe(false);

  await channel.webhook?.receive(update(1, "Hello"));
  expect(kept.map(({ text }) => text)).toEqual(["Hello"]);
  await channel.webhook?.receive({ update_id: 2, poll: { id: "1" } });
  expect(kept).toHaveLength(1);
});

test("a webhook that someone else has set is set again", async () => {
  const double = await telegram();
  listening(channelOfWebhook(double));
  await until(() => double.webhookUrl !== "", "the webhook");
  await fetch(`${double.url}/bot${double.token}/deleteWebhook`);
  await until(() => double.webhookUrl !== "", "the webhook again");
});

test.each([[undefined], ["wrong"], [["a-webhook-secret", "a-webhook-secret"]], [""]])(
  "a delivery that proves itself by %j is not authentic",
  async (given) => {
    const channel = channelTo(await telegram(), { webhook });
    expect(channel.webhook?.isAuthentic({ "x-telegram-bot-api-secret-token": given })).toBe(false);
    expect(channel.webhook?.isAuthentic({ "x-telegram-bot-api-secret-token": "a-webhook-secret" })).toBe(true);
  },
);

test.each([[undefined], [null], ["text"], [{}], [{ update_id: "1" }], [{ update_id: 1, message: { text: 5 } }]])(
  "a delivery of %j is refused for good",
  async (body) => {
    const channel = channelTo(await telegram(), { webhook });
    await expect(channel.webhook?.receive(body)).rejects.toBeInstanceOf(BadDeliveryError);
  },
);

test("a delivery before the instance is connected waits for it, but not for ever", async () => {
  const double = await telegram();
  await expect(channelTo(double, { webhook }).webhook?.receive(update(1, "Too early"))).rejects.toBeInstanceOf(
    StoreError,
  );
  const channel = channelTo(double, { webhook }, { startMs: 15_000 });
  const waiting = channel.webhook?.receive(update(2, "Early"));
  const { kept } = listening(channel);
  await waiting;
  expect(kept.map(({ text }) => text)).toEqual(["Early"]);
});

test("deliveries come again until they are kept, in order per chat", async () => {
  const double = await telegram();
  let outages = 3;
  const server = createServer((request, response) => {
    void receiveOverHttp(request, channel).then((status) => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(async () => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const channel = channelTo(double, { webhook: { url, secret } });
  const { kept } = listening(channel, () => {
    outages -= 1;
    return outages >= 0 ? Promise.reject(new StoreError("away", undefined)) : Promise.resolve([]);
  });
  for (const text of ["1", "2", "3"]) double.say({ chat: 7, text });
  await until(() => kept.length === 3 && double.pendingUpdates === 0, "all three", 15_000);
  expect(kept.map(({ text }) => text)).toEqual(["1", "2", "3"]);
  expect(double.deliveries.map(({ status }) => status)).toEqual([503, 503, 503, 200, 200, 200]);
});

async function receiveOverHttp(request: IncomingMessage, { webhook }: Pick<Channel, "webhook">): Promise<number> {
  if (request.url !== webhook?.path || !webhook?.isAuthentic(request.headers)) return 401;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return webhook.receive(JSON.parse(Buffer.concat(chunks).toString())).then(
    () => 200,
    () => 503,
  );
}

test("a delivery that is not kept is not answered well", async () => {
  const channel = channelTo(await telegram(), { webhook });
  listening(channel, () => Promise.reject(new StoreError("away", undefined)));
  await until(() => channel.health().state === "connected", "the webhook");
  await expect(channel.webhook?.receive(update(1, "Hello"))).rejects.toBeInstanceOf(StoreError);
});

test("without a webhook the channel has none, and receives on one instance at a time", async () => {
  const channel = channelTo(await telegram());
  expect(channel.webhook).toBeUndefined();
  expect(channel.receivesAlone).toBe(true);
});
