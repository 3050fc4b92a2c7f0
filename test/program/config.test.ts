import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { type Config, ConfigError, readConfig } from "../../src/config.ts";
import { scrub } from "../../src/scrub.ts";
import { Secret } from "../../src/secret.ts";

const mistakesOf = (environment: Record<string, string>): string => {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "";
};

test("nothing needs to be set", () => {
  expect(readConfig({})).toMatchObject({
    HOST: "127.0.0.1",
    PORT: 8_000,
    CONTEXT_MESSAGES: 20,
    SESSION_TTL_SECONDS: 3_600,
  });
});

test("all mistakes are told at once, by name, with the remedy, and without a secret", () => {
  const told = mistakesOf({
    PORT: "eighty",
    LOG_LEVEL: "loud",
    WEB_ACCESS_TOKEN: "hunter2",
    HOST: "0.0.0.0",
    AI_BASE_URL: "localhost:11434",
    MODEL_ALIASES: "gpt-4",
  });
  expect(told).toMatch(/^The configuration has 6 mistakes/);
  for (const name of [
    "PORT must be a number",
    "LOG_LEVEL",
    "WEB_ACCESS_TOKEN must have",
    "AI_BASE_URL must be a URL",
    "MODEL_ALIASES",
  ])
    expect(told).toContain(name);
  expect(told).not.toContain("hunter2");
});

test("a public address needs an access token, unless the web chat is off", () => {
  expect(mistakesOf({ HOST: "0.0.0.0" })).toContain("WEB_ACCESS_TOKEN is missing");
  expect(mistakesOf({ HOST: "0.0.0.0", WEB_CHAT: "off" })).toBe("");
  expect(mistakesOf({ HOST: "0.0.0.0", WEB_ACCESS_TOKEN: "a long enough token" })).toBe("");
});

test("a secret may come from a file, but not from two places, and nothing else may", () => {
  const file = join(mkdtempSync(join(tmpdir(), "parley-config-")), "token");
  writeFileSync(file, "from-the-file\n");
  expect(readConfig({ TELEGRAM_TOKEN_FILE: file }).TELEGRAM_TOKEN?.reveal()).toBe("from-the-file");
  expect(mistakesOf({ TELEGRAM_TOKEN_FILE: file, TELEGRAM_TOKEN: "x" })).toContain("are both set");
  expect(mistakesOf({ TELEGRAM_TOKEN_FILE: "/nowhere/at/all" })).toContain("ENOENT");
  expect(mistakesOf({ PORT_FILE: file })).toContain("PORT is not a secret");
});

test("an empty value counts as not set", () => {
  expect(readConfig({ DISCORD_TOKEN: "", PORT: " " })).toMatchObject({ PORT: 8_000 });
  expect(readConfig({ DISCORD_TOKEN: "" }).DISCORD_TOKEN).toBeUndefined();
});

test("aliases are read as pairs", () => {
  const config: Config = readConfig({ MODEL_ALIASES: "gpt-4=gpt-5, fast = gpt-5-mini," });
  expect([...config.MODEL_ALIASES]).toEqual([
    ["gpt-4", "gpt-5"],
    ["fast", "gpt-5-mini"],
  ]);
});

test("a secret shows itself to nobody who does not ask for it", () => {
  const secret = new Secret("hunter2");
  expect(
    [
      String(secret),
      ["", secret].join(""),
      JSON.stringify({ secret }),
      inspect({ secret }),
      inspect(secret, { showHidden: true }),
    ].join(),
  ).not.toContain("hunter2");
  expect(secret.reveal()).toBe("hunter2");
  expect([secret.equals("hunter2"), secret.equals("hunter3"), secret.equals("")]).toEqual([true, false, false]);
});

test.each([
  ["https://api.telegram.org/bot123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc/getMe", "AAEhBOweik6ad9r"],
  ["connect postgres://parley:hunter2@db:5432/parley failed", "hunter2"],
  ["authorization: Bearer abcdefghijklmnop", "abcdefghijklmnop"],
  ["Incorrect API key provided: sk-proj-abcdefghijkl", "abcdefghijkl"],
  ["it says my very own password here", "my very own password"],
  ["?key=my%20very%20own%20password", "my%20very%20own%20password"],
])("what a log line must not hold is blotted out: %s", (line, forbidden) => {
  expect(scrub(["my very own password"])(line)).not.toContain(forbidden);
  expect(scrub(["my very own password"])(line)).toContain("[secret]");
});
