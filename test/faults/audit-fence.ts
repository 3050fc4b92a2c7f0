import type { Cluster, Disturbance } from "./cluster.ts";
import type { AiCall } from "./watch-ai.ts";
import { type Deed, readDeeds } from "./witness.ts";

/** Whether each turn was in one hand at a time, and what others still did to it. */
export type FenceFindings = {
  /** Turns that were claimed from a process that had been killed, stopped or cut off in the middle of them. */
  readonly takenOver: number;
  /** Calls that were under way when the turn was taken over: nothing can call them back. */
  readonly onTheWire: number;
  readonly violations: readonly string[];
};

/** So long a call takes to get from the check of its lease to the other side. */
const onTheWireMs = 250;

/** Whoever calls a room, writes a turn or asks the AI for it must be the one who claimed it last. */
export async function auditFence(cluster: Cluster, aiCalls: readonly AiCall[]): Promise<FenceFindings> {
  const deeds = await cluster.query<Deed>(readDeeds);
  const claims = deeds.filter(({ kind }) => kind === "claimed");
  const acts = [
    ...judge(
      readRoomCalls(cluster),
      ownersBy(claims, ({ room }) => room),
    ).map((act) => forgiveHoldUp(act, cluster.holdUps)),
    ...judge(
      aiCalls.map(asAct),
      ownersBy(claims, ({ marker }) => marker),
    ),
  ];
  return {
    takenOver: countTakeovers(deeds, cluster.disturbances),
    onTheWire: acts.filter(({ lateMs }) => lateMs <= onTheWireMs).length,
    violations: [
      ...acts.filter(({ lateMs }) => lateMs > onTheWireMs).map(({ sentence }) => sentence),
      ...findForeignWrites(deeds),
      ...findRepeats(aiCalls, deeds, cluster.disturbances),
    ],
  };
}

type Act = { readonly atMs: number; readonly by: string; readonly to: string; readonly what: string };

/** Every call that a person in the room can see, but for the sign that a message is noted: whoever takes it in gives it. */
function readRoomCalls({ telegram, discord }: Cluster): readonly Act[] {
  const toTelegram = telegram.calls.flatMap(({ method, params, atMs, by = "nobody" }) => {
    const chat = params["chat_id"];
    return typeof chat === "number" && method !== "setMessageReaction"
      ? [{ atMs, by, to: `telegram/${telegram.botId}/${chat}`, what: `${method} to ${chat}` }]
      : [];
  });
  const toDiscord = discord.calls.flatMap(({ method, path, atMs, by = "nobody" }) => {
    const [, room, token] = /^\/(?:channels\/(\d+)|webhooks\/\d+\/([\w-]+))/.exec(path) ?? [];
    const channel = room ?? (token && discord.channelOf(token));
    return channel && method !== "GET" && !path.includes("/reactions/")
      ? [{ atMs, by, to: `discord/${discord.botId}/${channel}`, what: `${method} ${path}` }]
      : [];
  });
  return [...toTelegram, ...toDiscord];
}

function asAct({ atMs, process, marker }: AiCall): Act {
  return { atMs, by: process, to: marker, what: `a request to the AI for ${marker}` };
}

/** What was done by another than the last who had claimed it, and how long after that. */
function judge(acts: readonly Act[], ownerOf: (to: string, atMs: number) => Deed | undefined): readonly Late[] {
  return acts.flatMap(({ atMs, by, to, what }) => {
    const owner = ownerOf(to, atMs);
    if (owner?.process === by) return [];
    const lateMs = owner ? Math.round(atMs - owner.atMs) : Infinity;
    const whose = owner ? `that ${owner.process} had claimed ${lateMs} ms before` : "that nobody had claimed";
    return [{ lateMs, by, atMs, sentence: `${what} came from ${by}, for ${owner?.marker ?? "a turn"} ${whose}` }];
  });
}

type Late = { readonly lateMs: number; readonly by: string; readonly atMs: number; readonly sentence: string };

/** What was sent before the turn was taken over, and held back by the network, counts as on the wire. */
function forgiveHoldUp(act: Late, holdUps: readonly Disturbance[]): Late {
  const wasHeld = holdUps.some(
    ({ process, fromMs, untilMs }) =>
      process === act.by && act.atMs >= untilMs && act.atMs < untilMs + heldBackMs && act.atMs - act.lateMs > fromMs,
  );
  return wasHeld ? { ...act, lateMs: 0 } : act;
}

/** So soon after the network lets go what it has held back is there. */
const heldBackMs = 1_000;

/** @returns who holds it at a time: the last claim until then */
function ownersBy(claims: readonly Deed[], keyOf: (claim: Deed) => string) {
  const byKey = Map.groupBy(claims, keyOf);
  return (key: string, atMs: number) => byKey.get(key)?.findLast((claim) => claim.atMs <= atMs);
}

/** The fence is the database's: what it let pass, it has noted in the order in which it happened. */
function findForeignWrites(deeds: readonly Deed[]): readonly string[] {
  const holders = new Map<string, Deed>();
  return deeds.flatMap((deed) => {
    const holder = holders.get(deed.turn);
    if (deed.kind === "claimed") holders.set(deed.turn, deed);
    if (deed.kind === "claimed" || holder?.process === deed.process) return [];
    return [`${deed.marker} was written (${deed.state}) by ${deed.process}, but ${holder?.process ?? "nobody"} had it`];
  });
}

function countTakeovers(deeds: readonly Deed[], disturbances: readonly Disturbance[]): number {
  const claims = deeds.filter(({ kind }) => kind === "claimed");
  const holders = new Map<string, Deed>();
  let count = 0;
  for (const claim of claims) {
    const before = holders.get(claim.turn);
    holders.set(claim.turn, claim);
    if (before && before.process !== claim.process && wasDisturbed(before, claim, disturbances)) count += 1;
  }
  return count;
}

type Moment = { readonly process: string; readonly atMs: number };

function wasDisturbed({ process, atMs }: Moment, until: { readonly atMs: number }, all: readonly Disturbance[]) {
  return all.some((one) => one.process === process && one.fromMs <= until.atMs && one.untilMs >= atMs);
}

/**
 * A second request for a message needs a reason: the first failed; or the turn had been claimed anew since, because who asked had
 * been disturbed; or who asked was cut off from the AI. None is one too many once the reply is saved.
 */
function findRepeats(
  calls: readonly AiCall[],
  deeds: readonly Deed[],
  disturbances: readonly Disturbance[],
): readonly string[] {
  const byMarker = Map.groupBy(deeds, ({ marker }) => marker);
  const last = new Map<string, AiCall>();
  return calls.flatMap((call) => {
    const of = byMarker.get(call.marker) ?? [];
    const saved = of.find(({ state }) => state !== "waiting");
    if (saved && call.atMs > saved.atMs + onTheWireMs)
      return [`the AI was asked for ${call.marker} by ${call.process}, when its reply was saved already`];
    const before = last.get(call.marker);
    last.set(call.marker, call);
    if (!before || before.faulted) return [];
    const claim = of.findLast(({ kind, atMs }) => kind === "claimed" && atMs <= call.atMs);
    const until = claim && claim.atMs > before.atMs ? claim : call;
    if (wasDisturbed(before, until, disturbances)) return [];
    const since = call.atMs - before.atMs;
    return [
      `the AI was asked again for ${call.marker}: by ${before.process}, and ${since} ms later by ${call.process}`,
    ];
  });
}
