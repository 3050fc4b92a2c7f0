import fc from "fast-check";
import { expect, test } from "vitest";
import { buildContext } from "../../src/conversation/build-context.ts";
import { countTokens } from "../../src/conversation/domain/count-tokens.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { Utterance } from "../../src/conversation/domain/session.ts";
import { message, says } from "../messages.ts";

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

test("what a message answers is quoted above it", () => {
  const asked = current({ text: "what does it mean?", replyTo: { author: "Bob", text: "line one\nline two" } });
  expect(buildContext({ history: [] }, asked, options).at(-1)?.content).toBe(
    "In reply to Bob:\n> line one\n> line two\n\nwhat does it mean?",
  );
});

test("questions without an answer are joined, so that user and assistant take turns", () => {
  const history = [user("one"), user("two"), assistant("both")];
  const roles = buildContext({ history }, current({ text: "three" }), options).map(({ role }) => role);
  expect(roles).toEqual(["system", "user", "assistant", "user"]);
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
    text: fc.string({ minLength: 1, unit: "grapheme" }),
  }),
  { maxLength: 30 },
);

test("whatever was said, roles take turns, the user begins and ends, and the budget holds", () => {
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
