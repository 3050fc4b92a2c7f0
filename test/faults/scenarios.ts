import type { Scenario } from "./scenario.ts";
import { aiOutage } from "./scenarios/ai-outage.ts";
import { backlog } from "./scenarios/backlog.ts";
import { clock } from "./scenarios/clock.ts";
import { commitNeverTold } from "./scenarios/commit-never-told.ts";
import { kill9 } from "./scenarios/kill9.ts";
import { platformsAway } from "./scenarios/platforms-away.ts";
import { poller } from "./scenarios/poller.ts";
import { postgresAway } from "./scenarios/postgres-away.ts";
import { postgresCut } from "./scenarios/postgres-cut.ts";
import { postgresRefuses } from "./scenarios/postgres-refuses.ts";
import { postgresStops } from "./scenarios/postgres-stops.ts";
import { redis } from "./scenarios/redis.ts";
import { rollingSlow } from "./scenarios/rolling-slow.ts";
import { rolling } from "./scenarios/rolling.ts";
import { sendReset } from "./scenarios/send-reset.ts";
import { sigstop } from "./scenarios/sigstop.ts";
import { webhookAcks } from "./scenarios/webhook-acks.ts";

/** In the order of the table in docs/reliability.md. */
export const scenarios: readonly Scenario[] = [
  kill9,
  postgresStops,
  postgresAway,
  postgresCut,
  postgresRefuses,
  commitNeverTold,
  redis,
  aiOutage,
  platformsAway,
  sendReset,
  webhookAcks,
  poller,
  sigstop,
  clock,
  rolling,
  rollingSlow,
  backlog,
];
