import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContextOptions, type Page } from "playwright-core";
import { build } from "vite";
import { onTestFinished } from "vitest";
import { chromiumPath } from "../setup/chromium.ts";
import { startPageServer, type PageServer, type PageServerOptions } from "./page-server.ts";

/** A browser and a freshly built page, for one test file. */
export type Browser = {
  /** Opens the page at a server of its own, until the test is done. */
  open(options?: Visit): Promise<OpenPage>;
  close(): Promise<void>;
};

export type Visit = Omit<PageServerOptions, "pageDir"> & {
  readonly context?: BrowserContextOptions;
  /** What happened before the page is opened. */
  readonly before?: (server: PageServer) => void;
};

export type OpenPage = {
  readonly page: Page;
  readonly server: PageServer;
  /** Everything that must not happen: requests to elsewhere, script errors, breaches of the security policy, dialogs. */
  readonly incidents: readonly string[];
};

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function openBrowser(): Promise<Browser> {
  const pageDir = await mkdtemp(join(tmpdir(), "parley-page-"));
  await build({ logLevel: "error", build: { outDir: pageDir } });
  const browser = await chromium.launch({ executablePath: await chromiumPath(), args: flags });

  return {
    async open({ context: contextOptions, before, ...options } = {}) {
      const server = await startPageServer({ ...options, pageDir });
      before?.(server);
      const context = await browser.newContext({ locale: "en-GB", ...contextOptions });
      onTestFinished(async () => {
        await context.close();
        await server.close();
      });
      const page = await context.newPage();
      const incidents = watch(page, server.url);
      await page.goto(server.url);
      return { page, server, incidents };
    },
    async close() {
      await browser.close();
      await rm(pageDir, { recursive: true });
    },
  };
}

function watch(page: Page, home: string): readonly string[] {
  const incidents: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(home)) incidents.push(`request: ${request.url()}`);
  });
  page.on("pageerror", (error) => incidents.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      incidents.push(`console: ${message.text()}`);
  });
  page.on("dialog", (dialog) => {
    incidents.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("popup", (popup) => incidents.push(`popup: ${popup.url()}`));
  return incidents;
}
