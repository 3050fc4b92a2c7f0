import { readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

// What processes have used, as Linux counts it. Elsewhere, all of it is undefined.

/** Seconds in user and system mode since the start of the process. */
export function cpuSeconds(pid: number): number | undefined {
  const stat = readStat(pid);
  return stat && stat.own;
}

/** The same for a PostgreSQL and all its processes, those that have ended included. */
export function postgresCpuSeconds(dataDir: string): number | undefined {
  const postmaster = Number(readFile(join(dataDir, "postmaster.pid"))?.split("\n")[0]);
  const stat = postmaster ? readStat(postmaster) : undefined;
  if (!stat) return undefined;
  const children = readdirSync("/proc")
    .flatMap((name) => (/^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : []))
    .filter(({ parent }) => parent === postmaster);
  return stat.own + stat.ended + children.reduce((sum, { own }) => sum + own, 0);
}

/** The most memory that the process has held at a time, in MB (10⁶ bytes). */
export function peakMemoryMb(pid: number): number | undefined {
  const kilobytes = /^VmHWM:\s*(\d+) kB/m.exec(readFile(`/proc/${pid}/status`) ?? "")?.[1];
  return kilobytes === undefined ? undefined : (Number(kilobytes) * 1024) / 1e6;
}

/** What all cores of the machine have worked since it started, in seconds. */
export function machineCpuSeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1000;
}

type Stat = { readonly parent: number; readonly own: number; readonly ended: number };

const ticksPerSecond = 100;

/** proc(5): the name may hold anything, so the fields are counted from its closing bracket. */
function readStat(pid: number): Stat | undefined {
  const text = readFile(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const seconds = (index: number) => Number(fields[index]) / ticksPerSecond;
  return { parent: Number(fields[1]), own: seconds(11) + seconds(12), ended: seconds(13) + seconds(14) };
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
