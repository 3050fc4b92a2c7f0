import type { APIGatewayBotInfo } from "discord-api-types/v10";
import { pause } from "../../conversation/domain/pause.ts";
import { ChannelError } from "../../conversation/domain/errors.ts";
import type { ReceiverMemory } from "../../conversation/ports/receiver-memory.ts";
import type { DiscordTimings } from "./discord-timings.ts";

/** Lets through as many IDENTIFYs as Discord bears. Resuming a session needs none of this. */
export type IdentifyGate = {
  /**
   * Waits until one more of the day is ours, which can take hours: before connecting.
   *
   * @returns whether it is; false when `signal` aborted
   * @throws ChannelError not retryable
   */
  permit(tell: (reason: string) => void, signal: AbortSignal): Promise<boolean>;
  /** Waits for the shard's turn among all shards of all instances: right before sending. Never rejects. */
  turn(shardId: number, signal: AbortSignal): Promise<void>;
};

type Options = {
  readonly botId: string;
  readonly memory: ReceiverMemory;
  readonly timings: DiscordTimings;
  /** Asks Discord afresh, until it answers. */
  readonly findGateway: (signal: AbortSignal) => Promise<APIGatewayBotInfo>;
  readonly report: (what: string, error: unknown) => void;
};

/**
 * After 1,000 IDENTIFYs in 24 hours Discord resets the bot's token. All instances count them in one place, and a
 * reserve stays untouched, for whatever else uses the token and for the operator who has to mend things.
 */
export function identifyGate({ botId, memory, timings, findGateway, report }: Options): IdentifyGate {
  const name = `discord/${botId}/identify`;
  let concurrency = 1;

  return {
    async permit(tell, signal) {
      while (!signal.aborted) {
        const waitMs = await ask(signal);
        if (waitMs === 0) return !signal.aborted;
        if (waitMs === undefined) continue;
        const sentence = tooOften(waitMs);
        tell(sentence);
        report("connecting to Discord", new ChannelError(sentence, { retryable: true, retryAfterMs: waitMs }));
        await pause(Math.min(waitMs, askAgainMs), signal);
      }
      return false;
    },
    async turn(shardId, signal) {
      while (!signal.aborted) {
        const waitMs = await spend(`${name}/${shardId % concurrency}`, 1, timings.identifyEveryMs);
        if (waitMs === 0) return;
        await pause(waitMs ?? retryMs, signal);
      }
    },
  };

  /** @returns how long to wait; undefined when it could not be found out */
  async function ask(signal: AbortSignal): Promise<number | undefined> {
    const gateway = await findGateway(signal).catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
    if (!gateway) return undefined;
    const { total, remaining, reset_after: resetAfterMs, max_concurrency } = gateway.session_start_limit;
    concurrency = max_concurrency;
    const reserve = Math.min(reserveMax, Math.floor(total / 10));
    if (remaining <= reserve) return Math.max(resetAfterMs, retryMs);
    const waitMs = await spend(name, total - reserve, dayMs);
    if (waitMs === undefined) await pause(retryMs, signal);
    return waitMs;
  }

  /** @returns undefined while the database is away */
  async function spend(what: string, max: number, periodMs: number): Promise<number | undefined> {
    try {
      return await memory.spend(what, max, periodMs);
    } catch (error) {
      report("counting the IDENTIFYs to Discord", error);
      return undefined;
    }
  }
}

function tooOften(waitMs: number): string {
  const minutes = Math.ceil(waitMs / 60_000);
  return (
    `The bot has begun nearly as many sessions today as Discord allows; more would make Discord reset its token. It goes on in at most ${minutes} min. ` +
    "Find out what restarts it, or what else uses its token."
  );
}

const reserveMax = 100;
const dayMs = 24 * 60 * 60_000;
/** Discord may have raised the limit meanwhile. */
const askAgainMs = 5 * 60_000;
const retryMs = 1_000;
