import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { terminalChannel } from "../../src/channels/terminal/terminal-channel.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { Reply } from "../../src/conversation/domain/reply.ts";
import type { Turn } from "../../src/conversation/domain/turn.ts";
import type { Channel } from "../../src/conversation/ports/channel.ts";
import { startDiscord } from "../discord/start-discord.ts";
import { holding } from "../holding.ts";
import { channelTo, listening, telegram } from "../telegram/open-telegram.ts";
import { until } from "../until.ts";

/** A channel connected to its platform, one message that came from there, and what its room shows of us. */
type Place = {
  readonly channel: Channel;
  readonly message: ChannelMessage;
  roomShows(): readonly string[];
  /** The files that can be saved there, in order. */
  roomOffers(): readonly { readonly name: string; readonly text: string }[];
  /** How often the platform was asked to write. */
  writes(): number;
};

const places: readonly { name: string; open(): Promise<Place>; exceptions: Exceptions }[] = [
  { name: "Telegram", open: () => openTelegram(7), exceptions: { fades: "its drafts are no messages" } },
  { name: "Telegram in a group", open: () => openTelegram(-5), exceptions: {} },
  { name: "Discord", open: () => openDiscord("direct"), exceptions: {} },
  { name: "Discord in a thread", open: () => openDiscord("thread"), exceptions: {} },
  { name: "the terminal", open: openTerminal, exceptions: { onlyAdds: "paper cannot be unprinted" } },
  // The web's rooms are the transcript itself: test/web and test/story/web.test.ts.
];
type Exceptions = { readonly onlyAdds?: string; readonly fades?: string };

const final = (text: string): Reply => ({ text, end: "complete" });
const words = (count: number) => Array.from({ length: count }, (_, n) => `word${n}`).join(" ");
const long = words(600);
const tooLong = words(4_000);
const file = { name: "notes.json", mimeType: "application/json", text: '{"kept": "all"}' };

function show({ channel, message }: Place, reply: Reply, shown: readonly string[] = [], noted: string[][] = []) {
  const turn: Turn = { id: "1", message, attempt: 1, shown, ageMs: 0 };
  return channel.show(turn, reply, async (parts) => void noted.push([...parts]), holding());
}

describe.each(places)("a reply on $name", ({ open, exceptions }) => {
  test("is shown once, whole", async () => {
    const place = await open();
    const shown = await show(place, final("Hello **there**"));
    expect(shown).toHaveLength(1);
    expect(place.roomShows()).toEqual([expect.stringMatching(/^Hello (\*\*)?there(\*\*)?$/)]);
  });

  test("that is longer than a message keeps every word in order, and notes each part but the last", async () => {
    const place = await open();
    const noted: string[][] = [];
    const shown = await show(place, final(long), [], noted);
    expect(place.roomShows().join(" ").split(/\s+/)).toEqual(long.split(" "));
    expect(noted).toEqual(shown.slice(0, -1).map((_, index) => shown.slice(0, index + 1)));
  });

  test("that was begun as typing and drafts is the same message in the end", async () => {
    const place = await open();
    let shown = await show(place, { text: "" });
    expect(place.roomShows()).toEqual([]);
    shown = await show(place, { text: "one two" }, shown);
    expect(shown).toHaveLength(exceptions.fades ? 0 : 1);
    const whole = await show(place, final("one two three"), shown);
    expect(place.roomShows()).toEqual(["one two three"]);
    expect(whole).toHaveLength(1);
    expect(whole).toEqual(exceptions.fades ? [expect.any(String)] : shown);
  });

  test.skipIf(exceptions.onlyAdds)(
    `shown again with its parts changes nothing${because(exceptions.onlyAdds)}`,
    async () => {
      const place = await open();
      const shown = await show(place, final(long));
      const before = [place.roomShows(), place.writes()];
      expect(await show(place, final(long), shown)).toEqual(shown);
      expect([place.roomShows(), place.writes()]).toEqual(before);
    },
  );

  test.skipIf(exceptions.onlyAdds)(
    `that became shorter leaves no part behind${because(exceptions.onlyAdds)}`,
    async () => {
      const place = await open();
      const shown = await show(place, final(long));
      expect(shown.length).toBeGreaterThan(1);
      expect(await show(place, final("short after all"), shown)).toEqual([shown[0]]);
      expect(place.roomShows()).toEqual(["short after all"]);
    },
  );

  test.skipIf(exceptions.onlyAdds)(
    `of more than four messages is a head, and a file of the whole${because(exceptions.onlyAdds)}`,
    async () => {
      const place = await open();
      const draft = await show(place, { text: tooLong });
      expect(draft).toHaveLength(exceptions.fades ? 3 : 4);
      if (!exceptions.fades) expect(place.roomShows().at(-1)).toMatch(/…$/);

      const noted: string[][] = [];
      const shown = await show(place, final(tooLong), draft, noted);
      expect(shown).toHaveLength(4);
      const texts = place.roomShows();
      expect(tooLong.startsWith(texts.slice(0, -1).join(" "))).toBe(true);
      expect(texts.at(-1)).toMatch(/whole answer/);
      expect(place.roomOffers()).toEqual([{ name: "answer.md", text: tooLong }]);

      const before = [place.roomShows(), place.roomOffers(), place.writes()];
      expect(await show(place, final(tooLong), shown)).toEqual(shown);
      expect([place.roomShows(), place.roomOffers(), place.writes()]).toEqual(before);
      expect(await show(place, final("short after all"), shown)).toEqual([shown[0]]);
      expect([place.roomShows(), place.roomOffers()]).toEqual([["short after all"], []]);
    },
  );

  test("with a file offers it once", async () => {
    const place = await open();
    const shown = await show(place, { ...final("Here it is."), file });
    expect(shown).toHaveLength(1);
    expect(place.roomShows().join("\n")).toMatch(/^Here it is\./);
    expect(place.roomOffers()).toEqual([file].map(({ name, text }) => ({ name, text })));
  });

  test.skipIf(exceptions.onlyAdds)(
    `with a file takes the place of what was there, and the other way round${because(exceptions.onlyAdds)}`,
    async () => {
      const place = await open();
      const text = await show(place, final("Wait."));
      const withFile = await show(place, { ...final("Here it is."), file }, text);
      expect([place.roomShows(), place.roomOffers()]).toEqual([
        ["Here it is."],
        [{ name: file.name, text: file.text }],
      ]);
      expect(await show(place, final("Gone."), withFile)).toHaveLength(1);
      expect([place.roomShows(), place.roomOffers()]).toEqual([["Gone."], []]);
    },
  );

  test.skipIf(exceptions.onlyAdds)(
    `that is empty in the end leaves nothing${because(exceptions.onlyAdds)}`,
    async () => {
      const place = await open();
      const shown = await show(place, final(long));
      expect(await show(place, final(""), shown)).toEqual([]);
      expect([place.roomShows(), await show(place, final(""))]).toEqual([[], []]);
    },
  );

  test("of a turn that is no longer ours is not sent", async () => {
    const place = await open();
    const turn: Turn = { id: "1", message: place.message, attempt: 1, shown: [], ageMs: 0 };
    const lost = place.channel.show(turn, final("x"), async () => {}, holding(AbortSignal.abort("lost")));
    await expect(lost).rejects.toBe("lost");
    expect([place.roomShows(), place.writes()]).toEqual([[], 0]);
  });
});

function because(reason: string | undefined): string {
  return reason ? ` (skipped: ${reason})` : "";
}

async function openTelegram(chat: number): Promise<Place> {
  const double = await telegram();
  const channel = channelTo(double);
  const { kept } = listening(channel);
  double.say({ chat, from: 7, text: "@parley_bot Hello" });
  const message = await until(() => kept[0], "the message");
  const writes = ["sendMessage", "editMessageText", "editMessageMedia", "deleteMessage"];
  return {
    channel,
    message,
    roomShows: () => double.transcript(chat).flatMap(({ fromBot, text }) => (fromBot ? [text] : [])),
    roomOffers: () => double.transcript(chat).flatMap(({ document }) => (document ? [document] : [])),
    writes: () => writes.reduce((sum, method) => sum + double.callsOf(method).length, 0),
  };
}

async function openDiscord(where: "direct" | "thread"): Promise<Place> {
  const { discord, channel, heard } = await startDiscord({ rateLimit: undefined });
  const dm = discord.dm("Ada");
  const said =
    where === "direct"
      ? discord.say({ channel: dm, author: "Ada", content: "Hello" })
      : discord.say({ channel: discord.serverChannel(), author: "Ada", content: `<@${discord.botId}> Hello` });
  const room = where === "direct" ? dm : said;
  const own = () => discord.transcript(room).filter(({ id }) => discord.message(id)?.type !== threadStarter);
  return {
    channel,
    message: await heard("Hello"),
    roomShows: () => own().flatMap(({ author, content }) => (author === "parley" ? [content] : [])),
    roomOffers: () => own().flatMap(({ files }) => files),
    writes: () =>
      discord.calls.filter(({ method, path }) => method !== "GET" && /\/messages(\/\d+)?$/.test(path)).length,
  };
}

/** Discord's own first line in a thread. */
const threadStarter = 21;

async function openTerminal(): Promise<Place> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const channel = terminalChannel({ input, output, userName: "ada", language: "en" });
  const kept: ChannelMessage[] = [];
  let printed = "";
  output.setEncoding("utf8").on("data", (text: string) => (printed += text));
  void channel.listen(
    async (messages) => messages.map((one) => (kept.push(one), { kind: "kept" })),
    new AbortController().signal,
  );
  input.write("Hello\n");
  return {
    channel,
    message: await until(() => kept[0], "the message"),
    roomShows: () => (printed.trim() ? [printed.trim()] : []),
    roomOffers: () =>
      [...printed.matchAll(/^── (\S+)\n([^]*?)\n──$/gm)].map(([, name = "", text = ""]) => ({ name, text })),
    writes: () => (printed ? 1 : 0),
  };
}
