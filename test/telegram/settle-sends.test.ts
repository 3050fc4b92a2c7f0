import { globalAgent } from "node:http";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ChannelError, LeaseUnsureError } from "../../src/conversation/domain/errors.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { Reply } from "../../src/conversation/domain/reply.ts";
import type { TelegramDouble } from "../doubles/telegram-double.ts";
import { holding } from "../holding.ts";
import { asked, botTexts, channelTo, complete, listening, telegram as openTelegram, turnOf } from "./open-telegram.ts";
import { until } from "../until.ts";

/** Where drafts are messages, and can get lost like answers. */
const telegram: typeof openTelegram = (options) => openTelegram({ knowsDrafts: false, ...options });

const supergroup = -1_000_000_000_005;
const sends = (double: TelegramDouble) => double.callsOf("sendMessage").length;
const edits = (double: TelegramDouble) => double.callsOf("editMessageText").length;
const long = (word: string) => `${word} `.repeat(600).trim();
const threeParts = [long("alpha"), long("bravo"), long("delta")].join("\n\n");

test("an answer that arrived although nobody said so is found, and not sent again", async () => {
  const double = await telegram();
  const { show, channel } = await asked(double, { chat: 7, text: "Hi" });
  double.failNext("sendMessage", "apply-then-reset");
  const shown = await show(complete("Hello **world**."), [], { after: "0" });
  expect(shown).toEqual([String(double.transcript(7).at(-1)?.id)]);
  expect(botTexts(double, 7)).toEqual(["Hello world."]);
  expect([sends(double), edits(double)]).toEqual([1, 1]);
  expect(channel.unsettled).toEqual([]);
});

test.each(["reset", "html", { status: 500, description: "Internal Server Error" }] as const)(
  "an answer that was lost on its way (%j) is sent again, once, and that is proven to be no second copy",
  async (fault) => {
    const double = await telegram();
    const { show, channel } = await asked(double, { chat: 7, text: "Hi" });
    double.failNext("sendMessage", fault);
    const shown = await show(complete("Hello."), [], { after: "0" });
    expect(shown).toEqual([String(double.transcript(7).at(-1)?.id)]);
    expect(botTexts(double, 7)).toEqual(["Hello."]);
    expect(channel.unsettled).toEqual([]);
  },
);

/** Lets everything be sent until `text` stands in the room. */
const holdingUntil = (double: TelegramDouble, text: string) => ({
  ...holding(),
  check() {
    if (botTexts(double, 7).includes(text)) throw new LeaseUnsureError("perhaps it is another's");
  },
});

test("an answer that is sent is not sent again because the buttons above it could not be taken away", async () => {
  const double = await telegram();
  const { channel, message } = await asked(double, { chat: 7, text: "Hi" });
  const turn = { ...turnOf(message), buttonsAt: "1" };
  const shown = await channel.show(turn, complete("Hello."), async () => {}, holdingUntil(double, "Hello."));
  expect(shown).toEqual([String(double.transcript(7).at(-1)?.id)]);
});

test("what is sent is noted also when the turn is not ours for certain any more right after that", async () => {
  const double = await telegram();
  const { channel, message, show, noted } = await asked(double, { chat: 7, text: "Hi" });
  const [longer = ""] = await show(complete("Second."));
  const turn = turnOf(message, ["999", longer]);
  const note = async (shown: readonly string[]) => void noted.push(shown);
  const showing = channel.show(turn, complete("First."), note, holdingUntil(double, "First."));
  await expect(showing).rejects.toThrow(LeaseUnsureError);
  expect(noted).toEqual([[String(double.transcript(7).at(-1)?.id), longer]]);
});

test("a look for an answer that breaks off is repeated at once, not all over again", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  double.failNext("sendMessage", "apply-then-reset");
  double.failNext("editMessageText", "reset", 2);
  expect(await show(complete("Hello."), [], { after: "0" })).toEqual([String(double.transcript(7).at(-1)?.id)]);
  expect([sends(double), edits(double)]).toEqual([1, 3]);
});

test("an answer that was sent, and could not be noted because the turn was lost, is known when we have the turn once more", async () => {
  const double = await telegram();
  const { channel, message } = await asked(double, { chat: 7, text: "Hi" });
  const first = await channel.show(turnOf(message), complete("Hello."), async () => {}, holding());
  const again = { ...turnOf(message), attempt: 2 };
  expect(await channel.show(again, complete("Hello again."), async () => {}, holding())).toEqual(first);
  expect(botTexts(double, 7)).toEqual(["Hello again."]);
  expect(channel.unsettled).toEqual([]);
});

test("an answer that had no connection was not sent, and is not looked for", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  await double.away();
  await until(() => Object.keys(globalAgent.freeSockets).length === 0, "our side to see its idle connections closed");
  await expect(show(complete("Hello."))).rejects.toMatchObject({ retryable: true });
  await double.back();
  await show(complete("Hello."));
  expect([sends(double), edits(double)]).toEqual([1, 0]);
});

test.each([7, supergroup])(
  "what a killed process sent without noting it is found by the next one, whatever people wrote meanwhile (chat %i)",
  async (chat) => {
    const double = await telegram();
    const { show, message } = await asked(double, { chat, from: 7, text: "@parley_bot hi" });
    await show(complete("Hello."));
    for (const text of ["Are you there?", "Hello?"]) double.say({ chat, from: 7, text });
    const next = channelTo(double);
    const turn = { ...turnOf(message), attempt: 2 };
    const shown = await next.show(turn, complete("Hello."), async () => {}, holding());
    expect(shown).toEqual([String(double.transcript(chat).find(({ fromBot }) => fromBot)?.id)]);
    expect(botTexts(double, chat)).toEqual(["Hello."]);
    expect(next.unsettled).toEqual([]);
  },
);

test("what a killed process sent without noting it is found also when its button is pressed before", async () => {
  const double = await telegram();
  const { show, message } = await asked(double, { chat: 7, text: "Hi" });
  const answer = { ...complete("Hello."), buttons: [[{ label: "Again", command: "/regenerate" }]] };
  const [id] = await show(answer);
  const next = channelTo(double);
  const { kept } = listening(next);
  double.press(7, Number(id), "Again");
  await until(() => kept.length > 0, "the press");
  const turn = { ...turnOf(message), attempt: 2 };
  expect(await next.show(turn, answer, async () => {}, holding())).toEqual([id]);
  expect(botTexts(double, 7)).toEqual(["Hello."]);
});

test("a draft that a killed process left becomes the answer", async () => {
  const double = await telegram();
  const { show, message } = await asked(double, { chat: 7, text: "Hi" });
  await show({ text: "Hel" });
  const next = channelTo(double);
  await next.show({ ...turnOf(message), attempt: 2 }, complete("Hello."), async () => {}, holding());
  expect(double.transcript(7).at(-1)).toMatchObject({ text: "Hello.", edits: 1 });
  expect(sends(double)).toBe(1);
});

test("an earlier turn's answer, and a message of a person's, are never touched", async () => {
  const double = await telegram();
  const first = await asked(double, { chat: 7, text: "One" });
  double.say({ chat: 7, text: "Two" });
  const second = { ...first.message, id: "2", address: { chatId: 7, messageId: 2 } };
  const [answer = ""] = await first.show(complete("Answer one."));
  double.say({ chat: 7, text: "Three" });
  const next = channelTo(double);
  const turn = { ...turnOf(second), id: "second", attempt: 2, after: answer };
  await next.show(turn, complete("Answer two."), async () => {}, holding());
  expect(double.transcript(7).map(({ text }) => text)).toEqual(["One", "Two", "Answer one.", "Three", "Answer two."]);
  expect(double.callsOf("editMessageText").every(({ params }) => Number(params["message_id"]) > Number(answer))).toBe(
    true,
  );
});

test("as long as an earlier answer could be taken for it, nothing is looked for and nothing is sent: the next attempt is told", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  double.failNext("sendMessage", "apply-then-reset");
  await expect(show({ text: "Hel" })).rejects.toBeInstanceOf(ChannelError);
  expect(await show({ text: "Hello" })).toEqual([]);
  await expect(show(complete("Hello."))).rejects.toMatchObject({ retryable: true, retryAfterMs: 0 });
  expect([sends(double), edits(double)]).toEqual([1, 0]);
  await show(complete("Hello."), [], { attempt: 2 });
  expect(botTexts(double, 7)).toEqual(["Hello."]);
  expect(sends(double)).toBe(1);
});

test("an edit that nobody answered is not taken for what was shown before", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  const shown = await show({ text: "Hello" });
  double.failNext("editMessageText", "apply-then-reset");
  await expect(show({ text: "Hello, wor" }, shown)).rejects.toBeInstanceOf(ChannelError);
  await show(complete("Hello"), shown);
  expect(botTexts(double, 7)).toEqual(["Hello"]);
});

test("in a busy bot the lost message is found among those of other chats, at the first try", async () => {
  const double = await telegram();
  const channel = channelTo(double);
  const { kept } = listening(channel);
  for (let person = 1; person <= 40; person += 1) double.say({ chat: person, text: "Hi" });
  await until(() => kept.length === 40, "all of them");
  const answer = (message: ChannelMessage, attempt: number) =>
    channel.show(
      { ...turnOf(message), id: message.room, attempt, after: "0" },
      complete(`Hello ${message.room}`),
      async () => {},
      holding(),
    );
  for (const message of kept.slice(1, 20)) await answer(message, 1);
  double.failNext("sendMessage", "apply-then-reset");
  const [lost, ...others] = [kept[0], ...kept.slice(20)];
  await Promise.all([lost && answer(lost, 1), ...others.map((message) => answer(message, 1))]);
  expect(double.duplicates).toEqual([]);
  expect(sends(double)).toBe(40);
  expect(edits(double)).toBeLessThan(5);
  expect(channel.unsettled).toEqual([]);
});

test("what others did before it was sent, on other instances too, is not searched", async () => {
  const double = await telegram();
  const { show, channel, message } = await asked(double, { chat: 7, text: "Hi" });
  for (let count = 0; count < 30; count += 1) double.say({ chat: 8, text: "Another instance hears this" });
  const other = { ...turnOf({ ...message, address: { chatId: 8, messageId: 31 } }), id: "other" };
  await channel.show(other, complete("Hello 8."), async () => {}, holding());
  double.failNext("sendMessage", "apply-then-reset");
  await show(complete("Hello 7."), [], { after: "0" });
  expect(botTexts(double, 7)).toEqual(["Hello 7."]);
  expect(edits(double)).toBe(1);
});

test("what cannot be found within the bound is sent once more and counted", async () => {
  const double = await telegram();
  const { show, message } = await asked(double, { chat: 7, text: "Hi" });
  for (let count = 0; count < 30; count += 1) double.say({ chat: 8, text: "Others write too" });
  await show(complete("Hello."));
  const next = channelTo(double);
  await next.show({ ...turnOf(message), attempt: 2 }, complete("Hello."), async () => {}, holding());
  expect(botTexts(double, 7)).toEqual(["Hello.", "Hello."]);
  expect(next.unsettled).toEqual([message.room]);
  expect(edits(double)).toBe(12);
});

test("what a killed process sent is found on a busy bot too, from where its reply was saved on", async () => {
  const double = await telegram();
  const { show, channel, message } = await asked(double, { chat: 7, text: "Hi" });
  for (let count = 0; count < 100; count += 1)
    double.say({ chat: 8, text: "Others write while the answer is written" });
  const other = { ...turnOf({ ...message, address: { chatId: 8, messageId: 101 } }), id: "other" };
  await channel.show(other, complete("Hello 8."), async () => {}, holding());
  const savedAfter = channel.newest?.(turnOf(message)) ?? "";
  for (let count = 0; count < 3; count += 1) double.say({ chat: 8, text: "And right before it is sent" });
  const shown = await show(complete("Hello 7."));
  const next = channelTo(double);
  const turn = { ...turnOf(message), attempt: 2, savedAfter };
  expect(await next.show(turn, complete("Hello 7."), async () => {}, holding())).toEqual(shown);
  expect(botTexts(double, 7)).toEqual(["Hello 7."]);
  expect(next.unsettled).toEqual([]);
});

test("what was never sent is proven so from where its reply was saved on, and sent without a warning", async () => {
  const double = await telegram();
  const { channel, message } = await asked(double, { chat: 7, text: "Hi" });
  const next = channelTo(double);
  for (let count = 0; count < 100; count += 1)
    double.say({ chat: 8, text: "Others write while the answer is written" });
  const other = { ...turnOf({ ...message, address: { chatId: 8, messageId: 101 } }), id: "other" };
  await channel.show(other, complete("Hello 8."), async () => {}, holding());
  const savedAfter = channel.newest?.(turnOf(message)) ?? "";
  await next.show({ ...turnOf(message), attempt: 2, savedAfter }, complete("Hello 7."), async () => {}, holding());
  expect(botTexts(double, 7)).toEqual(["Hello 7."]);
  expect(next.unsettled).toEqual([]);
});

test("a draft that may stand there is older than its reply, which is then not said to have come first", async () => {
  const double = await telegram();
  const { show, channel, message } = await asked(double, { chat: 7, text: "Hi" });
  double.failNext("sendMessage", "apply-then-reset");
  await expect(show({ text: "Hel" })).rejects.toBeInstanceOf(ChannelError);
  expect(channel.newest?.(turnOf(message))).toBeUndefined();
});

test("with settling off nothing is looked for, and every copy that may be a second one is counted", async () => {
  const double = await telegram();
  const { show, channel, message } = await asked(double, { chat: 7, text: "Hi" }, channelTo(double, { settle: false }));
  double.failNext("sendMessage", "apply-then-reset");
  await expect(show(complete("Hello."), [], { after: "0" })).rejects.toBeInstanceOf(ChannelError);
  await show(complete("Hello."), [], { attempt: 2 });
  expect(botTexts(double, 7)).toEqual(["Hello.", "Hello."]);
  expect(channel.unsettled).toEqual([message.room]);
  expect(edits(double)).toBe(0);
});

test("in topics, which share their chat's ids, no other topic's answer is touched", async () => {
  const double = await telegram();
  const one = await asked(double, {
    chat: { id: supergroup, is_forum: true },
    from: 7,
    threadId: 50,
    text: "@parley_bot hi",
  });
  const two = await asked(double, { chat: supergroup, from: 7, threadId: 60, text: "@parley_bot hi" });
  await two.show(complete("To topic two."));
  await one.show(complete("To topic one."), [], { attempt: 2 });
  expect(botTexts(double, supergroup)).toEqual(["To topic two.", "To topic one."]);
  expect(edits(double)).toBe(0);
  expect(one.channel.unsettled).toEqual([one.message.room]);
});

test("a 429 while looking is obeyed, and the search goes on after it", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  double.failNext("sendMessage", "apply-then-reset");
  double.failNext("editMessageText", { status: 429, description: "Too Many Requests: retry after 3", retryAfter: 3 });
  await expect(show(complete("Hello."), [], { after: "0" })).rejects.toMatchObject({
    retryable: true,
    retryAfterMs: 3_000,
  });
  await expect(show(complete("Hello."), [], { attempt: 2 })).rejects.toBeInstanceOf(ChannelError);
  await until(
    async () => {
      const shown = await show(complete("Hello."), [], { attempt: 3 }).catch(() => undefined);
      return shown?.length === 1;
    },
    "the answer",
    15_000,
  );
  expect(botTexts(double, 7)).toEqual(["Hello."]);
});

test("the second part of a draft that nobody heard of is removed when the answer is shorter", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  const shown = await show({ text: long("alpha") });
  double.failNext("sendMessage", "apply-then-reset");
  await expect(show({ text: threeParts.slice(0, 5_000) }, shown)).rejects.toBeInstanceOf(ChannelError);
  expect(botTexts(double, 7)).toHaveLength(2);
  expect(await show(complete("Stopped."), shown, { attempt: 2 })).toEqual(shown);
  expect(botTexts(double, 7)).toEqual(["Stopped."]);
});

test("a group that became a supergroup keeps what it showed, and the answer stands once in the new one", async () => {
  const double = await telegram();
  const { show, channel } = await asked(double, { chat: -5, from: 7, text: "@parley_bot hi" });
  const draft = await show({ text: "Hel" });
  double.migrate(-5, supergroup);
  const other = await asked(double, { chat: supergroup, from: 7, text: "@parley_bot hello" });
  await other.show(complete("To the supergroup."));
  const shown = await show(complete("Hello."), draft);
  expect(botTexts(double, supergroup)).toEqual(["To the supergroup.", "Hello."]);
  expect(botTexts(double, -5)).toEqual(["Hel"]);
  expect(shown).toEqual([`${supergroup}:${double.transcript(supergroup).at(-1)?.id}`]);
  expect(await show(complete("Hello!"), shown)).toEqual(shown);
  expect(
    await channelTo(double).show(
      turnOf(other.message, ["3"]),
      complete("To the supergroup."),
      async () => {},
      holding(),
    ),
  ).toEqual(["3"]);
  expect(botTexts(double, supergroup)).toEqual(["To the supergroup.", "Hello!"]);
  expect(channel.unsettled).toEqual([]);
});

test("a move that was announced while we listened costs no call to the old group", async () => {
  const double = await telegram();
  const { show, channel } = await asked(double, { chat: -5, from: 7, text: "@parley_bot hi" });
  const { close } = listening(channel);
  double.migrate(-5, supergroup);
  await until(() => double.pendingUpdates === 0, "the announcement");
  await close();
  await show(complete("Hello."));
  expect(double.callsOf("sendMessage").map(({ params }) => params["chat_id"])).toEqual([supergroup]);
  expect(double.callsOf("sendMessage")[0]?.params).not.toHaveProperty("reply_parameters");
});

const faultKinds = ["apply-then-reset", "reset", "none", "none"] as const;
type Step = {
  readonly kind: "draft" | "final" | "say" | "crash";
  readonly sendFault: (typeof faultKinds)[number];
  readonly editFault: (typeof faultKinds)[number];
};

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("draft", "draft", "final", "say", "crash"),
  sendFault: fc.constantFrom(...faultKinds),
  editFault: fc.constantFrom(...faultKinds),
});

test("whatever is lost on the way and whoever crashes, each part stands once and in order in the end", async () => {
  const double = await openTelegram();
  let chat = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 10 }),
      fc.integer({ min: 1, max: 3 }),
      fc.boolean(),
      async (steps, partCount, isGroup) => {
        chat += 1;
        await play(double, isGroup ? supergroup - chat : chat, { steps, partCount });
      },
    ),
    { numRuns: 60 },
  );
});

/** One turn by several processes, each of which knows what the ones before it have noted, and no more. */
async function play(double: TelegramDouble, chat: number, plan: { steps: readonly Step[]; partCount: number }) {
  const messageId = double.say({ chat, from: 7, text: "@parley_bot hi" });
  const message: ChannelMessage = {
    channel: "telegram",
    room: `42/${chat}`,
    id: String(messageId),
    author: { id: "7", name: "Ann" },
    text: "hi",
    audience: chat > 0 ? "direct" : "group",
    address: { chatId: chat, messageId },
    sentAtMs: 0,
  };
  const text = ["alpha", "bravo", "delta"].slice(0, plan.partCount).map(long).join("\n\n");
  let channel = channelTo(double);
  let attempt = 1;
  let shown: readonly string[] = [];
  let savedAfter: string | undefined;
  let isSaved = false;
  const show = async (reply: Reply) => {
    const held = { ...turnOf(message, shown), id: String(chat), attempt };
    if (reply.end && !isSaved) [isSaved, savedAfter] = [true, channel.newest?.(held)];
    const turn = { ...held, ...(savedAfter !== undefined && { savedAfter }) };
    shown = await channel.show(turn, reply, async (parts) => void (shown = parts), holding());
  };

  for (const [index, { kind, sendFault, editFault }] of plan.steps.entries()) {
    if (kind === "say" && index < 8) double.say({ chat, from: 7, text: "And another thing" });
    if (kind === "crash") [channel, attempt] = [channelTo(double), attempt + 1];
    if (kind !== "draft" && kind !== "final") continue;
    if (sendFault !== "none") double.failNext("sendMessage", sendFault);
    if (editFault !== "none") double.failNext("editMessageText", editFault);
    const reply = kind === "draft" ? { text: text.slice(0, (text.length * (index + 1)) / 10) } : complete(text);
    const before = shown;
    const wasShown = await show(reply).then(
      () => true,
      () => false,
    );
    // The process dies after the platform took it and before it is noted.
    if (wasShown && sendFault === "apply-then-reset") shown = shown.slice(0, Math.max(before.length, shown.length - 1));
    if (!wasShown || shown.length < before.length) attempt += 1;
    if (shown.length < plan.partCount && wasShown && sendFault === "apply-then-reset")
      [channel, attempt] = [channelTo(double), attempt + 1];
  }
  for (let tries = 0; tries < 20; tries += 1) {
    attempt += 1;
    if (
      await show(complete(text)).then(
        () => true,
        () => false,
      )
    )
      break;
  }
  const ours = double.transcript(chat).filter(({ fromBot }) => fromBot);
  expect(ours.map(({ text }) => text.slice(0, 5))).toEqual(["alpha", "bravo", "delta"].slice(0, plan.partCount));
  expect(ours.map(({ text }) => text).join("\n\n") === text).toBe(true);
  expect(ours.map(({ id }) => String(id))).toEqual(shown);
}
