import * as fc from "fast-check";
import { expect, test } from "vitest";
import { splitReply } from "../../src/channels/telegram/split-reply.ts";
import { writeReply } from "../../src/channels/telegram/write-reply.ts";
import { partsMax } from "../../src/conversation/domain/whole-as-file.ts";
import { fenceMaths } from "../../src/text/fence-maths.ts";
import { messageFault } from "../doubles/telegram-entities.ts";
import { documents, documentsWithinMs } from "../text/documents.ts";
import { expectWhole } from "../text/expect-whole.ts";
import { anyMarkdown, longDocument, markdownDocument } from "../text/markdown-document.ts";
import { lettersOf, visibleLetters } from "../text/visible-letters.ts";

test(
  "whatever a model writes, every part is one that Telegram takes, draft or not",
  { timeout: documentsWithinMs },
  () => {
    fc.assert(
      fc.property(anyMarkdown, fc.boolean(), (text, isDraft) => {
        const parts = writeReply(isDraft ? { text } : { text, end: "complete" });
        expect(parts.length).toBeLessThanOrEqual(partsMax);
        for (const part of parts) {
          expect(messageFault(part.text, part.entities)).toBeUndefined();
          if (part.file) expect(part.text.length).toBeLessThanOrEqual(1024);
        }
      }),
      { numRuns: documents(500) },
    );
  },
);

test("nothing of a document is lost, and nothing said twice", { timeout: documentsWithinMs }, () => {
  fc.assert(
    fc.property(markdownDocument, (text) => {
      const parts = writeReply({ text, end: "complete" });
      const words = parts.filter(({ file }) => !file).map((part) => part.text);
      const seen = lettersOf(words.join("\n"));
      const whole = parts.at(-1)?.file?.text;
      if (whole === undefined) expect(seen).toBe(visibleLetters(text, { asks: true }));
      else expect([whole, visibleLetters(text, { asks: true }).startsWith(seen)]).toEqual([text, true]);
    }),
    { numRuns: documents(500) },
  );
});

test("a document of several messages is cut without losing or changing a sign", { timeout: documentsWithinMs }, () => {
  fc.assert(
    fc.property(longDocument.map(fenceMaths), (text) => expectWhole(splitReply(text), text)),
    { numRuns: documents(500) },
  );
});

test("while a document grows, the parts before the last stay as they are", { timeout: documentsWithinMs }, () => {
  fc.assert(
    fc.property(longDocument, fc.integer({ min: 200, max: 900 }), (text, step) => {
      let before: ReturnType<typeof writeReply> = [];
      for (let length = step; length < text.length + step; length += step) {
        const now = writeReply({ text: text.slice(0, length) });
        expect(now.slice(0, Math.max(0, before.length - 1))).toEqual(before.slice(0, -1));
        before = now;
      }
    }),
    { numRuns: Math.ceil(documents(1_000) / 100) },
  );
});
