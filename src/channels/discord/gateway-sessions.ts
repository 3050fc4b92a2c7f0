import type { SessionInfo } from "@discordjs/ws";

/** A gateway session and how far it has come: what must be remembered to resume it. */
export type GatewaySession = {
  readonly info: SessionInfo;
  /** The last event that was taken over; Discord's repetitions up to here are skipped. */
  takenSeq: number;
  /** The last event that is on disk, and with it all before. A resumed connection repeats what came after. */
  storedSeq: number;
};

/**
 * The sessions by shard. In memory: a connection that drops is resumed, a program that starts identifies anew. To resume
 * over a restart, keep them under a fenced lease and write `storedSeq` with the messages that it stands for.
 */
export type GatewaySessions = Map<number, GatewaySession>;

export function beginSession(info: SessionInfo): GatewaySession {
  return { info, takenSeq: info.sequence, storedSeq: info.sequence };
}
