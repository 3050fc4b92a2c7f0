import { chmod, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AiDouble, startAiDouble } from "../test/doubles/ai-double.ts";
import { startTelegramDouble, type TelegramDouble } from "../test/doubles/telegram-double.ts";
import { answerText } from "./questions.ts";
import type { RunningSystem, System } from "./systems.ts";
import type { Listener } from "./talk.ts";

/** A system that runs on its own, with an AI and a Telegram around it. */
export type Stage = {
  readonly ai: AiDouble;
  readonly telegram: TelegramDouble;
  readonly running: RunningSystem;
  /** Its webhook. */
  readonly listener: Listener;
  close(): Promise<void>;
};

export type StageOptions = {
  readonly system: System;
  /** How long the AI takes to its first token. */
  readonly aiDelayMs: number;
  /** Private chats and groups that there are. */
  readonly chats: readonly number[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly nodeFlags?: readonly string[];
};

const secret = "secret-of-the-bench";

export async function openStage({ system, aiDelayMs, chats, ...options }: StageOptions): Promise<Stage> {
  const dir = await mkdtemp(join(tmpdir(), "parley-bench-"));
  await chmod(dir, 0o755); // under root, PostgreSQL's user must enter
  const ai = await startAiDouble({
    delayMs: aiDelayMs,
    answer: ({ body }) => answerText(body.messages.at(-1)?.content ?? ""),
  });
  const telegram = await startTelegramDouble({ floodLimits: false });
  for (const id of chats) telegram.addChat({ id });
  const close = async () => {
    await Promise.all([ai.stop(), telegram.close()]);
    await remove(dir);
  };
  try {
    const environment = { ...settings(ai, telegram), ...options.environment };
    const running = await system.start({ environment, dir, nodeFlags: options.nodeFlags ?? [] });
    const listener = { url: running.webhookUrl, headers: { "x-telegram-bot-api-secret-token": secret } };
    return {
      ai,
      telegram,
      running,
      listener,
      async close() {
        await running.stop();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function settings(ai: AiDouble, telegram: TelegramDouble): Record<string, string> {
  return {
    TELEGRAM_API_ROOT: telegram.url,
    TELEGRAM_TOKEN: telegram.token,
    TELEGRAM_WEBHOOK_SECRET: secret,
    AI_BASE_URL: ai.baseUrl,
    AI_API_KEY: "key-of-the-bench",
    DEFAULT_MODEL: "test-model",
  };
}

/** Under root the data may lie elsewhere, behind a link. */
async function remove(dir: string): Promise<void> {
  const home = await realpath(join(dir, "postgres")).catch(() => dir);
  await rm(home, { recursive: true, force: true });
  await rm(dir, { recursive: true, force: true });
}
