import { join } from "node:path";
import { expect, test } from "vitest";
import { checkFloors } from "./check-floors.ts";
import { readSources } from "./read-sources.ts";

test("this project keeps its floors", () => {
  expect(checkFloors(readSources(join(import.meta.dirname, "..", "..")))).toEqual([]);
});

test.each([
  [
    "src/conversation/answer-message.ts",
    `import { readFile } from "node:fs/promises";`,
    "The conversation touches nothing",
  ],
  ["src/conversation/answer-message.ts", `import type { Pool } from "pg";`, "The conversation touches nothing"],
  ["src/conversation/domain/turn.ts", `import type { Inbox } from "../ports/inbox.ts";`, "Words know only words"],
  ["src/conversation/ports/inbox.ts", `export { x } from "../save-reply.ts";`, "Ports know only words"],
  ["src/ai/client.ts", `const { x } = await import("../conversation/work-inbox.ts");`, "Adapters know ports and words"],
  ["src/web/health.ts", `import { pool } from "../store/postgres/pool.ts";`, "Adapters are strangers"],
  ["src/channels/discord/a.ts", `type A = import("../telegram/b.ts").B;`, "Channels are strangers"],
  ["src/ai/client.ts", `import { settings } from "../config.ts";`, "Adapters are told everything by main.ts"],
  ["src/supervise.ts", `import { x } from "./channels/discord/a.ts";`, "main.ts is the only plug"],
  ["src/text/split.ts", `import { x } from "marked";`, "src/text is a floor"],
  ["src/ai/client.ts", `import pg from "pg";`, "PostgreSQL lives in src/store/ alone"],
  ["src/web/limits.ts", `import { createClient } from "redis";`, "Redis lives in src/store/ alone"],
  ["src/channels/telegram/a.ts", `import { REST } from "@discordjs/rest";`, "Discord lives in"],
  ["src/channels/discord/a.ts", `import { Api } from "grammy";`, "Telegram lives in"],
  ["src/channels/terminal/a.ts", `import fastify from "fastify";`, "HTTP lives in src/web/ and src/channels/web-chat/"],
  ["src/store/redis/a.ts", `const url = process.env["REDIS_URL"];`, "Only main.ts reads process.env"],
  ["src/config.ts", `const { env } = process;`, "Only main.ts reads process.env"],
  ["src/ai/client.ts", `import { until } from "../../test/until.ts";`, "What runs does not know how it is tested"],
])("%s may not say: %s", (path, source, sentence) => {
  const complaints = checkFloors(new Map([[path, source]]));
  expect(complaints.join("\n")).toContain(sentence);
  expect(complaints[0]).toContain(path);
});

test.each([
  [
    "src/channels/telegram/a.ts",
    `import type { Reply } from "../../conversation/domain/reply.ts"; import { Api } from "grammy";`,
  ],
  [
    "src/channels/discord/a.ts",
    `import { split } from "../../text/split.ts"; import { Secret } from "../../secret.ts";`,
  ],
  ["src/web/page/chat.ts", `import type { Said } from "../../channels/web-chat/api.ts";`],
  ["src/text/split.ts", `import { fromMarkdown } from "mdast-util-from-markdown"; import type { Root } from "mdast";`],
  [
    "src/main.ts",
    `import { readConfig } from "./config.ts"; import { x } from "./store/redis/a.ts"; readConfig(process.env);`,
  ],
  ["test/story/a.test.ts", `import pg from "pg"; import { x } from "../../src/store/redis/a.ts"; process.env["X"];`],
])("%s may say: %s", (path, source) => {
  expect(checkFloors(new Map([[path, source]]))).toEqual([]);
});

test("a circle of types is a circle, told once", () => {
  const complaints = checkFloors(
    new Map([
      ["src/ai/a.ts", `import type { B } from "./b.ts";`],
      ["src/ai/b.ts", `import { c } from "./c.ts";`],
      ["src/ai/c.ts", `export * from "./a.ts";`],
    ]),
  );
  expect(complaints).toHaveLength(1);
  expect(complaints[0]).toContain("src/ai/a.ts → src/ai/b.ts → src/ai/c.ts → src/ai/a.ts");
});
