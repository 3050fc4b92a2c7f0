import fc from "fast-check";
import { expect, test } from "vitest";
import { titleThread } from "../../src/channels/discord/title-thread.ts";
import { documentsWithinMs } from "../text/documents.ts";

const titles: readonly (readonly [question: string, title: string])[] = [
  ["What is a monad?", "What is a monad?"],
  ["Tell me a joke. Make it short, and about ducks.", "Tell me a joke"],
  ["# Heading\n\n**bold** `code`\n- item", "Heading bold code item"],
  ["請問今天天氣怎麼樣？我想去散步。", "請問今天天氣怎麼樣？"],
  ["word ".repeat(40), `${"word ".repeat(15)}word…`],
  ["x".repeat(200), `${"x".repeat(79)}…`],
  ["   ", "…"],
];
test.each(titles)("%j is called %j", (question, title) => {
  expect(titleThread(question, [])).toBe(title);
});

test("a picture without words is called by its name", () => {
  expect(titleThread("", [{ name: "cat.png" }])).toBe("cat.png");
});

test("whatever is asked, Discord takes the title", { timeout: documentsWithinMs }, () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (question) => {
      const title = titleThread(question, []);
      expect(Array.from(title.trim()).length).toBeGreaterThan(0);
      expect(Array.from(title).length).toBeLessThanOrEqual(100);
      expect(title.isWellFormed()).toBe(true);
    }),
  );
});
