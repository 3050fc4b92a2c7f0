import fc from "fast-check";
import { expect, test } from "vitest";
import { buildContext } from "../../src/conversation/build-context.ts";
import { countTokens } from "../../src/conversation/domain/count-tokens.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { ReadAttachment, Utterance } from "../../src/conversation/domain/session.ts";
import { message, says } from "../messages.ts";
import { sent } from "./open-room.ts";

const options = { instructions: "Be kind.", tokensMax: 1_000, images: new Map(), pictureTokens: 100 };
const current = (given: Partial<ChannelMessage>) => {
  const one = message(given);
  return { ...one, spoken: says({ message: one }) };
};
const user = (text: string, author = "Ada"): Utterance => ({ role: "user", text, author });
const assistant = (text: string): Utterance => ({ role: "assistant", text });

test("the model reads the instructions, what was said, and the message", () => {
  const history = [user("hi"), assistant("hello")];
  expect(buildContext({ history }, current({ text: "how are you?" }), options)).toEqual([
    { role: "system", content: "Be kind." },
    { role: "user", content: "hi" },
    { role: "assistant", content: "hello" },
    { role: "user", content: "how are you?" },
  ]);
});

test("in a group the speakers are named, on one line", () => {
  const bob = current({ text: "and I", audience: "group", author: { id: "b", name: "Bob\nSystem" } });
  const [system, ...said] = buildContext({ history: [user("I am here"), assistant("welcome")] }, bob, options);
  expect(system?.content).toContain("begins with the speaker's name");
  expect(said.map(({ content }) => content)).toEqual(["Ada: I am here", "welcome", "Bob System: and I"]);
});

const cat: ReadAttachment = { ...sent("image", "cat.png"), reading: { kind: "picture" } };
const dog: ReadAttachment = { ...sent("image", "dog.png"), reading: { kind: "picture" } };
const images = new Map([
  [cat, { mimeType: "image/png", base64: "Y2F0" }],
  [dog, { mimeType: "image/png", base64: "ZG9n" }],
]);

/** What the model reads of a group's talk, as one text a reviewer can read. */
function read(
  history: readonly Utterance[],
  given: Partial<ChannelMessage>,
  came: readonly ReadAttachment[] = [],
): string {
  const asked = current({ audience: "group", ...given });
  const spoken = { ...asked.spoken, attachments: came };
  return buildContext({ history }, { ...asked, spoken }, { ...options, images })
    .slice(1)
    .map(({ role, content, images: shown = [] }) => `${role}${shown.map(() => " 🖼").join("")}\n${content}`)
    .join("\n---\n");
}

test.each([
  [
    "several speakers, one of whom quotes the other",
    read([user("I think it rains tomorrow."), user("Never.", "Bob"), assistant("The forecast says 80 %.")], {
      text: "who was right?",
      author: { id: "c", name: "Carol" },
      replyTo: { author: "Bob", text: "Never." },
    }),
    `user
Ada: I think it rains tomorrow.

Bob: Never.
---
assistant
The forecast says 80 %.
---
user
Carol: In reply to Bob:
> Never.

who was right?`,
  ],
  [
    "messages that were passed on",
    read([], {
      text: "what do they want?",
      forwarded: [
        { author: "Shop", text: "Your parcel\nis late." },
        { author: "Post", text: "", attachments: [sent("document", "form.zip")] },
      ],
    }),
    `user
Ada: Forwarded from Shop:
> Your parcel
> is late.

Forwarded from Post:
> [sent a file: form.zip]

what do they want?`,
  ],
  [
    "pictures, each with the message that brought it",
    read(
      [
        { ...user("[sent a picture: cat.png]\n\nmine"), attachments: [cat] },
        user("nice", "Bob"),
        assistant("It is a cat."),
      ],
      { text: "and this?", attachments: [sent("image", "dog.png")] },
      [dog],
    ),
    `user 🖼
Ada: [sent a picture: cat.png]

mine

Bob: nice
---
assistant
It is a cat.
---
user 🖼
Ada: [sent a picture: dog.png]

and this?`,
  ],
])("%s", (_, prompt, expected) => expect(prompt).toBe(expected));

test("a picture counts as much as it costs", () => {
  const history: Utterance[] = [{ ...user("look"), attachments: [cat] }, assistant("a cat")];
  const contents = (tokensMax: number) =>
    buildContext({ history }, current({ text: "and?" }), { ...options, images, tokensMax }).map(
      ({ content }) => content,
    );
  expect(contents(200)).toEqual(["Be kind.", "look", "a cat", "and?"]);
  expect(contents(100)).toEqual(["Be kind.", "and?"]);
});

test("questions without an answer are joined, so that user and assistant take turns", () => {
  const history = [user("one"), user("two"), assistant("both")];
  const roles = buildContext({ history }, current({ text: "three" }), options).map(({ role }) => role);
  expect(roles).toEqual(["system", "user", "assistant", "user"]);
});

test("an answer that was stopped before its first word is none, and its question is joined with the next one", () => {
  const history = [user("one"), assistant(""), user("two"), assistant(" \n")];
  const [, ...said] = buildContext({ history }, current({ text: "three" }), options);
  expect(said).toEqual([{ role: "user", content: "one\n\ntwo\n\nthree" }]);
});

test("the newest fits within the budget, the current message always", () => {
  const history = [user("old ".repeat(300)), assistant("old answer"), user("new"), assistant("new answer")];
  const texts = buildContext({ history }, current({ text: "now" }), { ...options, tokensMax: 100 }).map(
    (one) => one.content,
  );
  expect(texts).toEqual(["Be kind.", "new", "new answer", "now"]);
  const long = "word ".repeat(5_000);
  expect(buildContext({ history }, current({ text: long }), options).map(({ content }) => content)).toEqual([
    "Be kind.",
    long,
  ]);
});

const utterances = fc.array(
  fc.record({
    role: fc.constantFrom("user" as const, "assistant" as const),
    text: fc.oneof({ weight: 5, arbitrary: fc.string({ unit: "grapheme" }) }, fc.constantFrom("", " ")),
  }),
  { maxLength: 30 },
);

test("whatever was said, nothing of it is blank, roles take turns, the user begins and ends, and the budget holds", () => {
  fc.assert(
    fc.property(utterances, fc.integer({ min: 50, max: 500 }), (history, tokensMax) => {
      const [system, ...said] = buildContext({ history }, current({ text: "now" }), {
        ...options,
        instructions: "",
        tokensMax,
      });
      expect(system?.role).toBe("system");
      expect(said.map(({ role }, index) => role === (index % 2 === 0 ? "user" : "assistant"))).not.toContain(false);
      expect(said.length % 2).toBe(1);
      expect(said.filter(({ content }) => content.trim() === "")).toEqual([]);
      expect(said.at(-1)?.content.endsWith("now")).toBe(true);
      const tokens = said.slice(0, -1).reduce((sum, { content }) => sum + countTokens(content), 0);
      expect(tokens).toBeLessThanOrEqual(tokensMax);
    }),
  );
});

test("tokens are counted by script: a Chinese character is about one, an English word a bit more than one", () => {
  const perCharacter = (text: string) => (countTokens(text) - countTokens("")) / [...text].length;
  expect(perCharacter("The quick brown fox jumps over the lazy dog. ".repeat(20))).toBeCloseTo(0.27, 1);
  expect(perCharacter("你好，世界。".repeat(20))).toBeCloseTo(1, 1);
  expect(perCharacter("😀".repeat(20))).toBeCloseTo(2, 1);
});
