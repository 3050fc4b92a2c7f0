import { writeSync } from "node:fs";
import { armFailpoints, type Failpoint, failpoints } from "./conversation/domain/failpoint.ts";
import { StartError } from "./start-step.ts";

/** Where to die: at the `times`-th passing of a message of the channel, or room, that `where` names ("telegram", "telegram/42"). */
type Death = { readonly name: Failpoint; readonly where: string | undefined; readonly times: number };

/**
 * For tests of crashes, and not a setting: with PARLEY_FAILPOINT=name, name:3 or name@telegram/42:3 the process kills itself by
 * SIGKILL at that failpoint (the third time that a message of that room passes it). Unset or empty, as everywhere but in tests,
 * nothing is armed.
 *
 * @throws StartError for a name that there is not, and in production
 */
export function armFailpoint(environment: Readonly<Record<string, string | undefined>>): void {
  const text = environment["PARLEY_FAILPOINT"];
  if (!text) return;
  if (environment["NODE_ENV"] === "production")
    throw new StartError("PARLEY_FAILPOINT kills the process, for tests, and this is production. Unset it.");

  const { name, where, times } = readDeath(text);
  let passed = 0;
  armFailpoints((passing, { channel, room }) => {
    if (passing !== name || (where && !`${channel}/${room}/`.startsWith(`${where}/`))) return;
    passed += 1;
    if (passed < times) return;
    writeSync(process.stderr.fd, `PARLEY_FAILPOINT ${text}: killed\n`);
    process.kill(process.pid, "SIGKILL");
  });
}

function readDeath(text: string): Death {
  const [, written = "", where, times = "1"] = /^([a-z-]+)(?:@(.+?))?(?::([1-9]\d*))?$/.exec(text) ?? [];
  const name = failpoints.find((failpoint) => failpoint === written);
  if (name) return { name, where, times: Number(times) };
  throw new StartError(
    `PARLEY_FAILPOINT=${text} names no failpoint. It is for tests, as name, name:3 or name@channel/room:3; unset it, or take one of: ${failpoints.join(", ")}.`,
  );
}
