import { expect, test } from "vitest";
import { readLanguage } from "../../src/channels/web-chat/read-language.ts";

test.each([
  ["de", "de"],
  ["de-AT,de;q=0.9,en;q=0.8", "de"],
  ["nl, fr-CA;q=0.5, ja ; q=0.7", "ja"],
  ["en;q=0.5,zh-TW", "zh"],
  ["de;q=0, es;q=0.1", "es"],
  ["nl,pt-BR", "en"],
  ["*", "en"],
  ["", "en"],
  [undefined, "en"],
  [`${"x,".repeat(5_000)}de`, "en"],
  [";;q=q,,=;q=1.2.3,\u0000", "en"],
])("a browser that asks for %j is answered in %s", (header, language) => expect(readLanguage(header)).toBe(language));
