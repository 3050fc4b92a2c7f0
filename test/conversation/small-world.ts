import { AiError, ChannelError, StoreError } from "../../src/conversation/domain/errors.ts";
import { type Limits, limits } from "../../src/conversation/domain/limits.ts";
import { pause } from "../../src/conversation/domain/pause.ts";
import type { AiChunk, Prompt, PromptMessage } from "../../src/conversation/ports/ai-client.ts";
import type { Gateway } from "../../src/conversation/ports/gateway.ts";
import type { Inbox } from "../../src/conversation/ports/inbox.ts";
import type { Journal } from "../../src/conversation/ports/journal.ts";
import { workInbox } from "../../src/conversation/work-inbox.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Postgres } from "../../src/store/postgres/connect-postgres.ts";
import type { Random } from "../faults/random.ts";
import { type Faults, type Platform, smallRoom } from "./small-room.ts";

/** How often a call fails, from 0 to 1. */
export type Chances = { readonly store: number; readonly channel: number; readonly ai: number };

/** What was seen from outside while the instances worked. */
export type Observed = {
  readonly platform: Platform;
  /** Each question to the AI: which message it was for, and all that it read. */
  readonly prompts: { readonly message: string; readonly read: readonly PromptMessage[] }[];
  /** The messages whose answer is saved: by the AI, or by the program itself. */
  readonly saved: Map<string, { readonly turnId: string; readonly text: string; readonly isFromAi: boolean }>;
  readonly violations: string[];
};

export type Instance = {
  readonly gateway: Gateway;
  /** kill -9, seen from the world: none of its calls ever begins or returns any more, and its connections are closed. */
  kill(): Promise<void>;
  /** SIGTERM. */
  stop(): Promise<void>;
};

const smallLimits: Limits = {
  ...limits,
  leaseMs: 3_000,
  sweepMs: 30,
  crashesMax: 100,
  backoffMs: 4,
  backoffMsMax: 20,
  answerMsMax: 250,
  firstDraftMs: 8,
  typingAfterMs: 2,
  typingMs: 10,
  noticeAfterMs: 20,
};
const never = new AbortController().signal;

/** A whole instance on a real database, with a small channel and a small AI. Calls fail by chance. */
export async function startInstance(
  postgres: Postgres,
  observed: Observed,
  {
    random,
    chances,
    more = {},
  }: { readonly random: Random; readonly chances: Chances; readonly more?: Partial<Limits> },
): Promise<Instance> {
  const dead = new AbortController();
  const store = await openStore({
    postgres,
    isShared: false,
    sessionTtlMs: 60_000,
    messagesPerMinute: 1_000_000,
    report() {},
  });
  const faultsOf = (chance: number, error: () => Error): Faults => {
    const strike = async () => {
      if (dead.signal.aborted) await new Promise(() => {});
      if (random() < chance) throw error();
    };
    return { before: strike, after: strike };
  };
  const storeFaults = faultsOf(chances.store / 2, () => new StoreError("the database is away", undefined));
  const channelFaults = faultsOf(chances.channel / 2, awayError);
  const aiFaults = faultsOf(chances.ai / 3, () => aiError(random));

  const gateway: Gateway = {
    ...store,
    inbox: shaky(watchSaves(store.inbox, observed), storeFaults),
    revisions: shaky(store.revisions, storeFaults),
    sessions: shaky(store.sessions, storeFaults),
    channels: new Map([["test", smallRoom(observed.platform, channelFaults)]]),
    ai: {
      stream: (prompt, signal) => answer(prompt, { observed, faults: aiFaults, random, chance: chances.ai }, signal),
    },
    documents: { read: async () => ({ kind: "unread", because: "format" }) },
    models: { list: async () => [], resolve: async (name) => ({ kind: "unverified", model: name }) },
    journal: silentJournal,
    house: { model: async () => "small", instructions: "Be brief.", personas: [] },
    limits: { ...smallLimits, ...more },
  };
  const [taking, holding] = [new AbortController(), new AbortController()];
  const working = workInbox(gateway, { taking: taking.signal, holding: holding.signal });

  return {
    gateway,
    async kill() {
      dead.abort();
      await store.close();
    },
    async stop() {
      taking.abort("shutdown");
      if (dead.signal.aborted) return;
      await working;
      await store.close();
    },
  };
}

/** Sees what is committed, also what its writer never hears of. */
function watchSaves(inbox: Inbox, { saved, violations }: Observed): Inbox {
  return {
    ...inbox,
    async answered(turn, reply, given) {
      await inbox.answered(turn, reply, given);
      const { id } = turn.message;
      const before = saved.get(id);
      if (before && before.text !== reply.text) violations.push(`the answer to ${id} was saved twice`);
      saved.set(id, { turnId: turn.id, text: reply.text, isFromAi: given !== undefined });
    },
  };
}

/** Each call may fail before it is made, or after. */
function shaky<Port extends object>(port: Port, faults: Faults): Port {
  return new Proxy(port, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return async (...given: readonly unknown[]) => {
        await faults.before();
        const result: unknown = await method.apply(target, given);
        await faults.after();
        return result;
      };
    },
  });
}

type Answering = {
  readonly observed: Observed;
  readonly faults: Faults;
  readonly random: Random;
  readonly chance: number;
};

/** Says again what it was asked last, in pieces; or fails, or stalls, on the way. */
async function* answer(
  prompt: Prompt,
  { observed, faults, random, chance }: Answering,
  signal: AbortSignal,
): AsyncGenerator<AiChunk> {
  const asked = prompt.messages.at(-1)?.content ?? "";
  const message = /(m\d+)$/.exec(asked)?.[1] ?? "unknown";
  if (observed.saved.has(message))
    observed.violations.push(`the AI was asked for ${message} after its answer was saved`);
  observed.prompts.push({ message, read: prompt.messages });
  await faults.before();
  for (const text of ["You said ", `${message}, `, "and this is all that I have to say about it."]) {
    yield { text };
    await pause(random.whole(0, 6), signal);
    signal.throwIfAborted();
    if (random() < chance / 6)
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    await faults.after();
  }
  yield { end: "complete", model: prompt.model };
}

export function answerTo(message: string): string {
  return `You said ${message}, and this is all that I have to say about it.`;
}

function aiError(random: Random): AiError {
  const kind = random.pick(["unavailable", "rate_limited", "broken", "refused"] as const);
  return new AiError(kind, "the small AI fails", { retryAfterMs: random.whole(0, 5) });
}

function awayError(): ChannelError {
  return new ChannelError("the platform is away", { retryable: true, retryAfterMs: 2 });
}

/** The platform's side: brings each message until it is told that it is kept, and sometimes once more. */
export async function bring(accept: () => Promise<unknown>, random: Random): Promise<void> {
  for (let again = true; again; again = random() < 0.2) {
    for (let isKept = false; !isKept;)
      isKept = await accept().then(
        () => true,
        async (error: unknown) => {
          if (!(error instanceof StoreError)) throw error;
          await pause(2, never);
          return false;
        },
      );
  }
  await pause(random.whole(0, 8), never);
}

export const silentJournal: Journal = {
  kept() {},
  duplicate() {},
  refused() {},
  answered() {},
  delivered() {},
  putBack() {},
  apologised() {},
  parked() {},
  roomShut() {},
  forgot() {},
  leaseLost() {},
  unsettled() {},
  failed() {},
};
