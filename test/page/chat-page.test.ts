import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../until.ts";
import { openBrowser, type Browser } from "./open-page.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

/** What is seen for a moment only is watched for from before `act` on. */
async function seeWhile(page: Page, text: string, act: () => Promise<void>): Promise<void> {
  await Promise.all([page.getByText(text).waitFor(), act()]);
}

function isAtEnd(page: Page): Promise<unknown> {
  return page.evaluate(
    "((node) => node.scrollHeight - node.scrollTop - node.clientHeight < 2)(document.querySelector('.transcript'))",
  );
}

test("I write, see that it is being thought about, and watch the answer grow", async () => {
  const { page, server, incidents } = await browser.open();
  await page.getByRole("textbox", { name: "Message" }).fill("Hello");
  await page.getByRole("button", { name: "Send" }).click();

  await page.getByTestId("thinking").waitFor();
  server.grow("A **bold");
  await page.getByTestId("draft").locator("strong", { hasText: "bold" }).waitFor();
  server.grow("A **bold** answer");
  server.finish({ text: "A **bold** answer.", footer: "*(another model answered)*" });

  const answer = page.getByTestId("answer");
  await answer.locator("strong").waitFor();
  expect(await answer.locator(".footer em").textContent()).toBe("(another model answered)");
  expect(await page.locator(".said p").allTextContents()).toEqual(["Hello"]);
  expect(await page.getByTestId("announcer").textContent()).toContain("A bold answer.");
  expect(incidents).toEqual([]);
  expect(server.unknown).toEqual([]);
});

test("a screen reader hears that an answer is coming, and not each of its words", async () => {
  const { page, server } = await browser.open();
  await page.getByRole("textbox").fill("Hello");
  await page.keyboard.press("Enter");
  await page.getByTestId("thinking").waitFor();
  server.grow("One two");
  await page.getByTestId("draft").waitFor();
  expect(await page.getByTestId("announcer").textContent()).toBe("Parley is answering.");
  expect(await page.getByRole("log").getAttribute("aria-live")).toBe("off");
});

test("I reload in the middle of an answer and it goes on", async () => {
  const { page, server } = await browser.open();
  await page.getByRole("textbox").fill("A long story, please");
  await page.keyboard.press("Enter");
  await page.getByTestId("thinking").waitFor();
  server.grow("Once upon");
  await page.getByText("Once upon").waitFor();

  await page.reload();
  await page.getByText("Once upon").waitFor();
  server.grow("Once upon a time");
  await page.getByText("Once upon a time").waitFor();
  server.finish("Once upon a time. The end.");
  await page.getByTestId("answer").getByText("The end.").waitFor();
  expect(await page.locator(".said").count()).toBe(1);
  expect(server.posts).toHaveLength(1);
});

test("the connection breaks in the middle of an answer and the page goes on where it was", async () => {
  const { page, server, incidents } = await browser.open({ before: (server) => server.remember("Before", "It was.") });
  await page.getByRole("textbox").fill("Go on");
  await page.keyboard.press("Enter");
  await page.getByTestId("thinking").waitFor();
  server.grow("First");
  await page.getByText("First").waitFor();

  server.dropStreams();
  await until(() => server.streams.length === 2, "the page connects again", 15_000);
  expect(server.streams[1]).not.toBe("");
  server.grow("First, second");
  await page.getByText("First, second").waitFor();
  server.finish("First, second, third.");
  await page.getByTestId("answer").getByText("First, second, third.").waitFor();
  expect(await page.locator(".said p").allTextContents()).toEqual(["Before", "Go on"]);
  expect(incidents).toEqual([]);
});

test("the server is busy, and my message is sent again as the same one", async () => {
  const { page, server } = await browser.open();
  const busy = { status: 503, error: "unavailable", message: "One moment, please.", retryAfterMs: 50 };
  server.refuse(busy, busy);
  await page.getByRole("textbox").fill("Important");
  await seeWhile(page, "Not sent yet.", () => page.keyboard.press("Enter"));
  await page.getByTestId("thinking").waitFor();
  expect(server.posts).toHaveLength(3);
  expect(new Set(server.posts.map(({ id }) => id)).size).toBe(1);
  expect(await page.locator(".said").count()).toBe(1);
});

test("the answer to my message is lost on the way, and it is still there once", async () => {
  const { page, server } = await browser.open();
  server.loseAnswer();
  await page.getByRole("textbox").fill("Only once");
  await page.keyboard.press("Enter");
  await page.getByTestId("thinking").waitFor();
  server.finish("Once.");
  await page.getByTestId("answer").getByText("Once.").waitFor();
  expect(await page.locator(".said").count()).toBe(1);
  expect(new Set(server.posts.map(({ id }) => id)).size).toBe(1);
});

test("a message that could not be sent survives a reload", async () => {
  const { page, server } = await browser.open();
  const away = { status: 503, error: "unavailable", message: "Away.", retryAfterMs: 60_000 };
  server.refuse(away);
  await page.getByRole("textbox").fill("Do not lose me");
  await page.keyboard.press("Enter");
  await page.getByText("Not sent yet.").waitFor();
  await page.reload();
  await page.getByTestId("thinking").waitFor();
  expect(await page.locator(".said p").allTextContents()).toEqual(["Do not lose me"]);
  expect(new Set(server.posts.map(({ id }) => id)).size).toBe(1);
});

test("I write too much at once, am told so, and my words are kept and sent", async () => {
  const { page, server } = await browser.open();
  const tooMany = { status: 429, error: "too_many", message: "That was a lot at once.", retryAfterMs: 4_500 };
  server.refuse(tooMany);
  await page.getByRole("textbox").fill("One more");
  await page.keyboard.press("Enter");
  await page.getByText("That was a lot at once.").waitFor();
  await page.getByText(/Sent again by itself in \d s/).waitFor();
  expect(await page.locator(".said p").textContent()).toBe("One more");
  await page.getByTestId("thinking").waitFor();
  expect(server.posts).toHaveLength(2);
});

test("I take back a message that is held up, and change it", async () => {
  const { page, server } = await browser.open();
  server.refuse({ status: 429, error: "too_many", message: "Slow down.", retryAfterMs: 60_000 });
  await page.getByRole("textbox").fill("Helo");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Edit" }).click();
  expect(await page.getByRole("textbox").inputValue()).toBe("Helo");
  await page.getByRole("textbox").fill("Hello");
  await page.keyboard.press("Enter");
  await page.getByTestId("thinking").waitFor();
  expect(server.posts.map(({ text }) => text)).toEqual(["Helo", "Hello"]);
});

test("what the server refuses for good is said, and does not hold up what comes after", async () => {
  const { page, server } = await browser.open();
  server.refuse({ status: 400, error: "bad_request", message: "That cannot be read." });
  await page.getByRole("textbox").fill("Strange");
  await page.keyboard.press("Enter");
  await page.getByText("That cannot be read.").waitFor();
  await page.getByRole("textbox").fill("Plain");
  await page.keyboard.press("Enter");
  await page.getByTestId("thinking").waitFor();
});

test("I log in with the token, after a wrong one, and log out", async () => {
  const { page, incidents } = await browser.open({ accessToken: "open sesame, please", answer: () => "Welcome." });
  await page.getByLabel("Access token").waitFor();
  await page.keyboard.type("guess");
  await page.keyboard.press("Enter");
  await page.getByText("That token is not right.").waitFor();
  expect(await page.getByRole("textbox", { name: "Message" }).count()).toBe(0);

  await page.getByLabel("Access token").fill("open sesame, please");
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "Message" }).waitFor();
  await page.keyboard.type("Hi");
  await page.keyboard.press("Enter");
  await page.getByTestId("answer").getByText("Welcome.").waitFor();

  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByLabel("Access token").waitFor();
  expect(await page.getByText("Welcome.").count()).toBe(0);
  expect(incidents).toEqual([]);
});

test("my login ends while I write, and my message goes out after the next one", async () => {
  const { page, server } = await browser.open({ accessToken: "open sesame, please" });
  await page.getByLabel("Access token").fill("open sesame, please");
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "Message" }).waitFor();
  await page.context().clearCookies();
  await page.keyboard.type("Still here?");
  await page.keyboard.press("Enter");
  await page.getByLabel("Access token").fill("open sesame, please");
  await page.keyboard.press("Enter");
  await page.getByTestId("thinking").waitFor();
  expect(server.posts.map(({ text }) => text)).toEqual(["Still here?"]);
});

test("I stop an answer with Escape and keep what is written", async () => {
  const { page, server } = await browser.open();
  await page.getByRole("textbox").fill("Count to a million");
  await page.keyboard.press("Enter");
  await page.getByTestId("thinking").waitFor();
  server.grow("1, 2, 3");
  await page.getByText("1, 2, 3").waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("(stopped)").waitFor();
  expect(await page.getByTestId("answer").locator(".block").first().textContent()).toBe("1, 2, 3");
  expect(await page.getByText("/stop").count()).toBe(0);
  expect(await page.getByRole("button", { name: "Stop" }).count()).toBe(0);
});

test("I stop an answer with the button, and can write on at once", async () => {
  const { page, server } = await browser.open();
  await page.getByRole("textbox").fill("Count");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("(stopped)").waitFor();
  await page.keyboard.type("Next");
  await page.keyboard.press("Enter");
  await page.getByTestId("thinking").waitFor();
  expect(server.posts.map(({ text }) => text)).toEqual(["Count", "/stop", "Next"]);
});

test("I use nothing but the keyboard: complete a command, send it, and see where the conversation starts afresh", async () => {
  const { page, server } = await browser.open({ answer: (text) => `You said ${text}` });
  await page.getByRole("textbox").waitFor();
  await page.keyboard.type("First line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("second");
  await page.keyboard.press("Enter");
  await page.getByTestId("answer").waitFor();
  expect(server.posts[0]?.text).toBe("First line\nsecond");

  await page.keyboard.type("/");
  expect(await page.getByRole("option").count()).toBe(5);
  await page.keyboard.press("ArrowDown");
  expect(await page.getByRole("option", { selected: true }).textContent()).toContain("/model");
  await page.keyboard.press("Enter");
  expect(await page.getByRole("textbox").inputValue()).toBe("/model ");
  expect(server.posts).toHaveLength(1);

  await page.getByRole("textbox").fill("/re");
  await page.keyboard.press("Tab");
  expect(await page.getByRole("textbox").inputValue()).toBe("/reset");
  await page.keyboard.press("Enter");
  expect(await page.getByTestId("divider").textContent()).toContain("Conversation reset!");
});

test("Escape closes the list of commands and stops nothing", async () => {
  const { page, server } = await browser.open();
  await page.getByRole("textbox").fill("Hello");
  await page.keyboard.press("Enter");
  await page.getByTestId("thinking").waitFor();
  await page.keyboard.type("/st");
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("option").first().waitFor({ state: "detached" });
  server.finish("Hello.");
  await page.getByTestId("answer").waitFor();
  expect(server.posts).toHaveLength(1);
});

test("an Enter that picks a word of an input method sends nothing", async () => {
  const { page, server } = await browser.open();
  await page.getByRole("textbox").fill("かんじ");
  await page
    .getByRole("textbox")
    .dispatchEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true });
  expect(await page.getByRole("textbox").inputValue()).toBe("かんじ");
  expect(server.posts).toHaveLength(0);
});

test("I copy code from an answer, and the answer as Markdown", async () => {
  const { page, server } = await browser.open({
    context: { permissions: ["clipboard-read", "clipboard-write"] },
    answer: () => "Look:\n\n```js\nconst one = 1;\n```",
  });
  await page.getByRole("textbox").fill("Code, please");
  await page.keyboard.press("Enter");
  await page.locator(".language", { hasText: "js" }).waitFor();
  expect(await page.locator(".hljs-keyword").textContent()).toBe("const");
  await seeWhile(page, "Copied", () => page.getByRole("button", { name: "Copy code" }).click());
  expect(await page.evaluate("navigator.clipboard.readText()")).toBe("const one = 1;");
  await page.getByRole("button", { name: "Copy answer" }).click();
  await until(
    async () => (await page.evaluate("navigator.clipboard.readText()")) === "Look:\n\n```js\nconst one = 1;\n```",
  );
  expect(server.unknown).toEqual([]);
});

test("I save a file that came with an answer, also when newer ones stand below", async () => {
  const { page, server } = await browser.open({ context: { acceptDownloads: true } });
  const ask = async (text: string) => {
    await page.getByRole("textbox").fill(text);
    await page.keyboard.press("Enter");
    await until(() => server.posts.some((post) => post.text === text));
  };
  await ask("/export");
  const file = { name: "conversation.md", mimeType: "text/html", text: "<b>Hello</b>\n" };
  server.finish({ text: "Here it is.", file });
  await page.getByTestId("answer").getByText("Here it is.").waitFor();
  await ask("and more");
  server.finish("More.");
  await page.getByTestId("answer").getByText("More.").waitFor();
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save conversation.md" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("conversation.md");
  expect(await readFile(await download.path(), "utf8")).toBe(file.text);
  expect(server.unknown).toEqual([]);
});

test("what I was writing is still there after a reload", async () => {
  const { page } = await browser.open();
  await page.getByRole("textbox").fill("Half a thou");
  await page.reload();
  expect(await page.getByRole("textbox").inputValue()).toBe("Half a thou");
});

test("I begin with an example", async () => {
  const { page, server } = await browser.open();
  await page.getByRole("button", { name: /^Explain/ }).click();
  await page.keyboard.press("Enter");
  await page.getByTestId("thinking").waitFor();
  expect(server.posts[0]?.text).toMatch(/^Explain/);
  expect(await page.getByText("What shall we talk about?").count()).toBe(0);
});

test("I read further up, am not pulled away, and see that something new has come", async () => {
  const { page, server } = await browser.open({
    before: (server) =>
      Array.from({ length: 30 }, (_, index) => server.remember(`Question ${index}`, `Answer ${index}`)),
  });
  await page.getByTestId("answer").getByText("Answer 29", { exact: true }).waitFor();
  const top = () => page.evaluate("document.querySelector('.transcript').scrollTop");
  const toEnd = () => isAtEnd(page);
  await until(toEnd, "the page is at its end");

  await page.getByRole("textbox").fill("More");
  await page.keyboard.press("Enter");
  await page.getByTestId("thinking").waitFor();
  await until(toEnd, "the page follows");
  await page.evaluate("document.querySelector('.transcript').scrollTo(0, 100)");
  await page.getByRole("button", { name: "To the newest message" }).waitFor();
  server.finish("A\n\nnew\n\nanswer");
  await page.getByRole("button", { name: "New messages" }).waitFor();
  expect(await top()).toBe(100);
  await page.getByRole("button", { name: "New messages" }).click();
  await until(toEnd, "the page is at its end again");
});

test("I look at what was said long ago, and what I look at does not move", async () => {
  const { page } = await browser.open({
    before: (server) =>
      Array.from({ length: 70 }, (_, index) => server.remember(`Question ${index}`, `Answer ${index}`)),
  });
  await page.getByText("Answer 69", { exact: true }).waitFor();
  await until(() => isAtEnd(page), "the page is at its end");
  expect(await page.getByText("Question 5", { exact: true }).count()).toBe(0);
  const earlier = page.getByRole("button", { name: "Show earlier messages" });
  await earlier.scrollIntoViewIfNeeded();
  const before = await page.getByText("Question 21", { exact: true }).boundingBox();
  await earlier.click();
  await page.getByText("Question 5", { exact: true }).waitFor({ state: "attached" });
  await until(async () => {
    const after = await page.getByText("Question 21", { exact: true }).boundingBox();
    return Math.abs((after?.y ?? 0) - (before?.y ?? 0)) < 60;
  }, "what was looked at is where it was");
  expect(await earlier.count()).toBe(0);
});

test("a message that could not be answered is said to be, and can be sent again", async () => {
  const { page, server } = await browser.open();
  await page.getByRole("textbox").fill("Difficult");
  await page.keyboard.press("Enter");
  await page.getByTestId("thinking").waitFor();
  server.fail();
  await page.getByRole("button", { name: "Send it again" }).click();
  await page.getByTestId("thinking").waitFor();
  expect(server.posts.map(({ text }) => text)).toEqual(["Difficult", "Difficult"]);
  expect(new Set(server.posts.map(({ id }) => id)).size).toBe(2);
});

test("the page says when the server waits for its database, and when all is well again says nothing", async () => {
  const { page, server } = await browser.open();
  await until(() => server.streams.length === 1, "the stream");
  server.say({ state: "waiting", message: "The database is away. I go on when it is back." });
  await page.getByText("The database is away.").waitFor();
  server.say({ state: "live" });
  await page.getByText("The database is away.").waitFor({ state: "detached" });
});

test("on a phone nothing needs to be scrolled sideways, in either theme", async () => {
  const { page, incidents } = await browser.open({
    context: { viewport: { width: 320, height: 560 }, hasTouch: true, isMobile: true, colorScheme: "dark" },
    answer: () =>
      `| a | wide | table | of | six | columns |\n|---|---|---|---|---|---|\n| ${"word | ".repeat(6)}\n\n\`\`\`\n${"x".repeat(200)}\n\`\`\`\n\n${"https://example.org/".padEnd(200, "y")}`,
  });
  const fits = () =>
    page.evaluate(
      "document.documentElement.scrollWidth <= innerWidth && document.querySelector('.transcript').scrollWidth <= innerWidth",
    );
  await page.getByText("What shall we talk about?").waitFor();
  expect(await fits()).toBe(true);
  await page.getByRole("textbox").fill("z".repeat(300));
  await page.getByRole("button", { name: "Send" }).tap();
  await page.locator("table").waitFor();
  expect(await fits()).toBe(true);
  await page.getByRole("textbox").fill("/");
  await page.getByRole("option").first().waitFor();
  expect(await fits()).toBe(true);
  expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("dark");
  await page.getByRole("button", { name: "Use light colours" }).tap();
  await page.reload();
  expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("light");
  expect(incidents).toEqual([]);
});
