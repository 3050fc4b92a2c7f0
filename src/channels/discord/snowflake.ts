import { z } from "zod";

/** An id of Discord's. */
export const snowflake = z.string().regex(/^\d{1,20}$/);

/** When Discord made this id: its upper bits count milliseconds since 2015. */
export function snowflakeMs(id: string): number {
  return Number(BigInt(id) >> 22n) + discordEpochMs;
}

const discordEpochMs = 1_420_070_400_000;
