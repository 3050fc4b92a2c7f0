import type { Postgres, Statement } from "./connect-postgres.ts";
import { presenceLock } from "./hold-presence.ts";

/** Who receives: one instance a name at a time, by the database's clock. */
export type Leases = {
  /**
   * Takes or renews a lease. One whose holder is dead (its presence lock is free) is taken at once.
   *
   * @returns the fence, which grows with each new holder; undefined while another holds it
   * @throws StoreError
   */
  take(name: string, leaseMs: number): Promise<string | undefined>;
  /** Gives it up at once, if it is ours. */
  release(name: string): Promise<void>;
  /** Whether another instance lives that could take one. */
  hasHeir(): Promise<boolean>;
};

/** The table `leases`. */
export function postgresLeases({ query }: Postgres, instance: number): Leases {
  return {
    async take(name, leaseMs) {
      const [row] = await query<{ fence: string }>(take, [name, instance, leaseMs, presenceLock]);
      return row?.fence;
    },
    async release(name) {
      await query(release, [name, instance]);
    },
    async hasHeir() {
      return (await query(heir, [presenceLock, instance])).length > 0;
    },
  };
}

/** The presence locks of this database. */
const living = (lock: string) => `select from pg_locks where locktype = 'advisory' and classid = ${lock}::bigint::oid
           and objsubid = 2 and granted and database = (select oid from pg_database where datname = current_database())`;

/** Whether the holder of a lease row still has time, and lives. */
const isHeld = `expires_at > now() and exists (${living("$4")} and objid = leases.holder::bigint::oid)`;

/** The first look only spares those who stand by from writing; the second is made on the locked row, and decides. */
const take: Statement = {
  name: "take-lease",
  text: `insert into leases (name, holder, expires_at)
    select $1, $2::integer, now() + $3::float8 * interval '1 ms'
     where not exists (select from leases where name = $1 and holder <> $2 and ${isHeld})
    on conflict (name) do update
      set holder = $2, expires_at = excluded.expires_at,
          fence = leases.fence + case when leases.holder = $2 then 0 else 1 end
      where leases.holder = $2 or not (leases.${isHeld})
    returning fence`,
};

const release: Statement = {
  name: "release-lease",
  text: `update leases set expires_at = now() where name = $1 and holder = $2`,
};

const heir: Statement = {
  name: "heir-of-leases",
  text: `${living("$1")} and objid <> $2::bigint::oid limit 1`,
};
