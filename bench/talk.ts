import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { TelegramDouble } from "../test/doubles/telegram-double.ts";
import { endOf, type Question, questionText } from "./questions.ts";

export type Listener = { readonly url: string; readonly headers: Readonly<Record<string, string>> };

export type Crowd = {
  /** Chat ids of people who each ask, wait for the reply, and ask again. */
  readonly people: readonly number[];
  readonly messagesEach: number;
  /** Messages that are on their way or being answered at a time, over all people. */
  readonly atOnce: number;
  /** Over what time the first `atOnce` of them are sent. */
  readonly startOverMs: number;
};

export type Talk = {
  /** From the first message sent to the last reply's arrival. */
  readonly durationMs: number;
  /** From sending the webhook's POST to its 200, for each message. */
  readonly acknowledgeMs: readonly number[];
  /** From sending the webhook's POST to the whole reply's arrival at Telegram, for each message. */
  readonly endToEndMs: readonly number[];
};

const replyMsMax = 60_000;

/**
 * Lets people talk to a bot through its webhook. Whoever got a reply goes to the end of the queue with the next message.
 *
 * @throws Error when a message is not acknowledged with 200, or not answered within a minute
 */
export async function talk(crowd: Crowd, listener: Listener, telegram: TelegramDouble): Promise<Talk> {
  const queue: Question[] = crowd.people.map((person) => ({ person, number: 1 }));
  const acknowledgeMs: number[] = [];
  const endToEndMs: number[] = [];
  const agent = new Agent({ keepAlive: true });
  const replies = watchReplies(telegram);
  const startedAtMs = Date.now();

  async function fillSlot(slot: number): Promise<void> {
    await sleep((slot * crowd.startOverMs) / crowd.atOnce);
    for (let question = queue.shift(); question; question = queue.shift()) {
      const { person, number } = question;
      const sentAtMs = Date.now();
      const sentAt = performance.now();
      const replied = replies.wait(question);
      replied.catch(() => {}); // it is awaited below, unless the POST fails first
      const status = await post(listener, update(question, sentAtMs), agent);
      if (status !== 200) throw new Error(`message ${person}/${number} was answered with ${status} instead of 200`);
      acknowledgeMs.push(performance.now() - sentAt);
      endToEndMs.push((await replied) - sentAtMs);
      if (number < crowd.messagesEach) queue.push({ person, number: number + 1 });
    }
  }

  try {
    await Promise.all(Array.from({ length: crowd.atOnce }, (_, slot) => fillSlot(slot)));
  } finally {
    replies.end();
    agent.destroy();
  }
  return { durationMs: replies.lastAtMs() - startedAtMs, acknowledgeMs, endToEndMs };
}

/** As Telegram sends a private message. */
function update({ person, number }: Question, atMs: number): object {
  const about = { id: person, first_name: `Person ${person}` };
  return {
    update_id: person * 1_000 + number,
    message: {
      message_id: 1_000_000 + number,
      from: { ...about, is_bot: false },
      chat: { ...about, type: "private" },
      date: Math.floor(atMs / 1_000),
      text: questionText({ person, number }),
    },
  };
}

/** @returns the status */
export function post({ url, headers }: Listener, body: object, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const json = JSON.stringify(body);
    const length = { "content-type": "application/json", "content-length": Buffer.byteLength(json) };
    const sent = request(url, { method: "POST", agent, headers: { ...headers, ...length } }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode ?? 0));
    });
    sent.once("error", reject);
    sent.setTimeout(replyMsMax, () => sent.destroy(new Error("the webhook did not answer")));
    sent.end(json);
  });
}

type Waiting = { readonly sinceMs: number; readonly resolve: (atMs: number) => void; reject(error: Error): void };

/** Looks each millisecond at what has arrived at Telegram. The double itself notes when it came. */
function watchReplies(telegram: TelegramDouble) {
  const waiting = new Map<string, Waiting>();
  let seen = telegram.calls.length;
  let lastAtMs = 0;
  const look = () => {
    for (const { params, atMs } of telegram.calls.slice(seen)) {
      seen++;
      const question = typeof params["text"] === "string" ? endOf(params["text"]) : undefined;
      if (question === undefined) continue;
      waiting.get(question)?.resolve(atMs);
      waiting.delete(question);
      lastAtMs = atMs;
    }
    const [[oldest, { sinceMs, reject }] = ["", { sinceMs: Infinity, reject: () => {} }]] = waiting;
    if (Date.now() - sinceMs > replyMsMax) reject(new Error(`message ${oldest} was not answered in time`));
  };
  const timer = setInterval(look, 1);
  return {
    wait: ({ person, number }: Question): Promise<number> =>
      new Promise((resolve, reject) => {
        waiting.set(`${person}/${number}`, { sinceMs: Date.now(), resolve, reject });
      }),
    lastAtMs: () => lastAtMs,
    end: () => clearInterval(timer),
  };
}
