import { expect, test } from "vitest";
import type { Reply } from "../../src/conversation/domain/reply.ts";
import { say } from "../../src/conversation/domain/words/say.ts";
import type { PersonSpec } from "../doubles/telegram-rooms.ts";
import { until } from "../until.ts";
import { asked, botTexts, channelTo, complete, listening, telegram } from "./open-telegram.ts";

const stop = { label: "Stop", command: "/stop" };
const again = { label: "Again", command: "/regenerate" };
const withButtons = (reply: Reply, ...buttons: (typeof stop)[]): Reply => ({ ...reply, buttons: [buttons] });
const group = { id: -1_000_000_000_005, admins: [3] };
const ann: PersonSpec = { id: 1, first_name: "Ann" };

test("a press is taken on any instance, and its spinner ended", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  const [id] = await show(withButtons(complete("Choose"), again));
  const { kept } = listening(channelTo(double));
  const callback = double.press(7, Number(id), "Again");
  await until(() => double.presses.get(callback)?.answer, "the end of the spinner");
  expect(kept[0]).toMatchObject({
    id: `callback:${callback}`,
    text: "/regenerate",
    author: { id: "7" },
    about: { kind: "pressed", turnId: "1" },
  });
  expect(double.presses.get(callback)?.answer).toEqual({ text: "", isAlert: false });
});

test("in a group only who asked, and who runs it, can press; others are told so in their language", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: group, from: ann, text: "@parley_bot hi" });
  const [id] = await show(withButtons(complete("Hello"), again));
  const { kept } = listening(channelTo(double));
  const press = async (who: PersonSpec) => {
    const callback = double.press(group.id, Number(id), "Again", who);
    return (await until(() => double.presses.get(callback)?.answer, "an answer")).text;
  };
  double.say({ chat: group, from: 2, text: "I am here too" });
  const words = say("de", "refusals.press");
  expect(await press({ id: 2, language_code: "de" })).toBe(words);
  expect(await press({ id: 2, language_code: "de" })).toBe(words);
  expect(double.callsOf("getChatMember")).toHaveLength(1);
  expect(await press({ id: 4, language_code: "de" })).toBe(words);
  expect(kept).toEqual([]);
  expect(await press({ id: 3 })).toBe("");
  expect(await press(ann)).toBe("");
  expect(kept.map(({ author }) => author.id)).toEqual(["3", "1"]);
});

test("a press that comes too late for an answer is taken all the same", async () => {
  const double = await telegram({ callbackMs: 0 });
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  const [id] = await show(withButtons(complete("Choose"), again));
  const { kept } = listening(channelTo(double));
  double.press(7, Number(id), "Again");
  await until(() => kept.length === 1 && double.callsOf("answerCallbackQuery").length === 1, "the press");
});

test("buttons stand under the last part, follow a growing answer, and go with the last one", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: group, from: ann, text: "@parley_bot hi" });
  const labels = () =>
    double
      .transcript(group.id)
      .filter(({ fromBot }) => fromBot)
      .map(({ buttons }) => buttons.flat().map(({ text }) => text));
  const text = "A sentence of some words. ".repeat(170);
  const first = await show(withButtons({ text: text.slice(0, 3_000) }, stop));
  expect(labels()).toEqual([["Stop"]]);
  const both = await show(withButtons({ text }, stop), first);
  expect(labels()).toEqual([[], ["Stop"]]);
  expect(await show(withButtons(complete(text), again), both)).toEqual(both);
  expect(labels()).toEqual([[], ["Again"]]);

  const third = await show(withButtons(complete("Another answer"), again), [], { id: "2", buttonsAt: both[1] ?? "" });
  expect(labels()).toEqual([[], [], ["Again"]]);
  expect(botTexts(double, group.id).at(1)).not.toBe("");
  await show(withButtons(complete("Another answer"), again), third, { id: "2", buttonsAt: both[1] ?? "" });
  expect(labels()).toEqual([[], [], ["Again"]]);
});

test("the buttons of an answer that takes another one's place are its own", async () => {
  const double = await telegram();
  const { show, channel } = await asked(double, { chat: 7, text: "Hi" });
  const shown = await show(withButtons(complete("Yes"), again));
  await show(withButtons(complete("Yes"), again), shown, { id: "2", buttonsAt: shown[0] ?? "" });
  const { kept } = listening(channel);
  double.press(7, Number(shown[0]), "Again");
  expect((await until(() => kept[0], "the press")).about).toEqual({ kind: "pressed", turnId: "2" });
});

test("an answer does not fail for buttons that cannot be taken away", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  const [old] = await show(withButtons(complete("Old"), again));
  double.failNext("editMessageReplyMarkup", "reset");
  await show(complete("New"), [], { id: "2", buttonsAt: old ?? "" });
  double.remove(7, Number(old));
  await show(complete("Newer"), [], { id: "3", buttonsAt: old ?? "" });
  expect(botTexts(double, 7)).toEqual(["New", "Newer"]);
});

test("an answer without words and buttons takes everything away", async () => {
  const double = await telegram();
  const { show } = await asked(double, { chat: 7, text: "Hi" });
  const shown = await show(withButtons(complete("A sentence of some words. ".repeat(200)), again));
  expect(shown).toHaveLength(2);
  expect(await show(complete(""), shown)).toEqual([]);
  expect(await show(complete(""), [])).toEqual([]);
  expect(botTexts(double, 7)).toEqual([]);
});
