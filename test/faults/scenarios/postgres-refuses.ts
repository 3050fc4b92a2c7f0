import { until } from "../../until.ts";
import type { Cluster, Instance } from "../cluster.ts";
import { pauseFor } from "../pause-for.ts";
import type { Scenario } from "../scenario.ts";

/** PostgreSQL runs and answers, but takes no writes: it has become read-only, as in a failover, or its disk is full. */
export const postgresRefuses: Scenario = {
  name: "postgres-refuses",
  setting: (size) => ({
    telegram: "webhook",
    places: size === "long" ? { telegram: 90, web: 10 } : { telegram: 27, web: 3 },
  }),
  async run({ cluster, size, talk, complain }) {
    const { random, instances } = cluster;
    const [times, ms] = size === "long" ? [10, 20_000] : [1, 4_000];
    for (const step of makeDisk) await cluster.query(step);
    talk({ perSecond: 20 });
    for (let time = 0; time < times; time++) {
      await pauseFor(random.whole(1_000, 3_000));
      await setReadOnly(cluster, "on");
      await untilHealth(instances, 503).catch(() => complain("/health does not say that the database is read-only"));
      await pauseFor(ms);
      await setReadOnly(cluster, "off");
      await untilHealth(instances, 200).catch(() => complain("/health is not well again"));

      await pauseFor(random.whole(1_000, 3_000));
      await cluster.query(fillDisk);
      await pauseFor(ms);
      await cluster.query(freeDisk);
    }
    return `PostgreSQL read-only ${times} × and its disk full ${times} ×, for ${ms / 1_000} s each`;
  },
  drainSeconds: () => 60,
};

/** For every connection, the new ones and those that are open: these are ended, as a failover does. */
async function setReadOnly({ query }: Cluster, state: "on" | "off"): Promise<void> {
  const [row] = await query<{ name: string }>("select current_database() as name");
  await query(
    `${writing(`alter database ${row?.name} set default_transaction_read_only = ${state}`)};
     select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
}

async function untilHealth(instances: readonly Instance[], status: number): Promise<void> {
  for (const { name, url } of instances)
    await until(
      async () => {
        const answer = await fetch(`${url}/health`).catch(() => undefined);
        await answer?.body?.cancel();
        return answer?.status === status;
      },
      `/health of ${name} is ${status}`,
      10_000,
    );
}

/** What PostgreSQL says when a table cannot grow, as long as the row says so: a trigger that came and went would lock tables. */
const makeDisk = [
  "create table disk as select false as is_full",
  `create function refuse_to_grow() returns trigger language plpgsql as $$ begin
    if (select is_full from disk) then
      raise exception 'could not extend file: No space left on device' using errcode = 'disk_full';
    end if;
    return null;
  end $$`,
  ...["turns", "rooms", "messages"].map(
    (table) =>
      `create trigger full_disk before insert or update on ${table} for each statement execute function refuse_to_grow()`,
  ),
];

/** In words, as our own connection may be one of those that were opened while all was read-only. */
const writing = (statement: string) => `begin read write; ${statement}; commit`;
const fillDisk = writing("update disk set is_full = true");
const freeDisk = writing("update disk set is_full = false");
