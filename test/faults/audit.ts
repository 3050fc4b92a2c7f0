import { auditFence } from "./audit-fence.ts";
import type { Cluster } from "./cluster.ts";
import type { Place } from "./places.ts";
import { answerTo } from "./talk.ts";
import type { AiWatch } from "./watch-ai.ts";

/** What a run came to, seen from outside: the rooms, the AI's log and the tables. */
export type Findings = {
  readonly messages: number;
  readonly answered: number;
  /** Ended with an apology instead of an answer. */
  readonly apologised: number;
  /** Ended without words, for operators to see. */
  readonly parked: number;
  /** Written and taken, and not in the database. */
  readonly lost: number;
  /** Parts that stand in a room a second time. */
  readonly doubled: number;
  /** Those of them that could not be settled, which the program told its operators. */
  readonly told: number;
  readonly disordered: number;
  readonly crossed: number;
  readonly aiCalls: number;
  /** Turns that were taken from a process that had been killed, stopped or cut off in the middle of them. */
  readonly takenOver: number;
  /** Calls of its that were under way at that moment. */
  readonly onTheWire: number;
  /** Each with its turn. */
  readonly violations: readonly string[];
};

type Row = {
  readonly marker: string | null;
  readonly room: string;
  readonly seq: number;
  readonly state: string;
  readonly attempt: number;
  readonly parts: readonly string[];
  readonly apology: boolean;
};

/** Checks the rules of the design at rest. */
export async function audit(cluster: Cluster, places: readonly Place[], watch: AiWatch): Promise<Findings> {
  const rows = await cluster.query<Row>(readTurns);
  const byPlace = Map.groupBy(rows, ({ marker }) => marker?.split("#")[0] ?? "");
  const violations: string[] = [...watch.violations, ...cluster.telegram.unknownRequests.map(unknown("Telegram"))];
  violations.push(
    ...cluster.discord.unknownRequests.map(unknown("Discord")),
    ...cluster.ai.unknownRequests.map(unknown("the AI")),
  );
  violations.push(...cluster.telegram.violations, ...cluster.discord.violations);
  violations.push(...(await findHeld(cluster)));

  const apologised = new Set(rows.filter(({ apology }) => apology).map(({ marker }) => marker));
  const parked = rows.filter(({ state }) => state === "parked");
  const sums = { answered: 0, lost: 0, doubled: 0, told: 0, disordered: 0, crossed: 0 };
  const told = readUnsettled(cluster);
  for (const place of places) {
    const turns = byPlace.get(place.name) ?? [];
    const found = auditPlace(place, turns, told.get(turns[0]?.room ?? "") ?? 0);
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += found[name];
    violations.push(...found.violations);
  }
  for (const { marker, answer } of watch.lacking)
    if (!apologised.has(answer)) violations.push(`the prompt of ${marker} lacks the answer to ${answer}`);
  const fence = await auditFence(cluster, watch.calls);
  violations.push(...fence.violations);
  violations.push(...parked.map(({ marker, room }) => `${marker} was parked (${room})`));
  violations.push(...[...apologised].map((marker) => `${marker} got an apology`));
  return {
    messages: places.reduce((sum, { written }) => sum + written, 0),
    ...sums,
    apologised: apologised.size,
    parked: parked.length,
    aiCalls: watch.calls.length,
    takenOver: fence.takenOver,
    onTheWire: fence.onTheWire,
    violations,
  };
}

const unknown = (who: string) => (what: string) => `${who} was asked what it does not know: ${what}`;

const readTurns = `select substring(message->>'text' from 'Question (R\\d+#\\d+)') as marker, rooms.channel || '/' || rooms.room as room,
    turns.seq::integer as seq, state, attempt, parts, coalesce(reply->>'text' like '⚠️%', false) as apology
  from turns join rooms on rooms.id = turns.room_id order by room_id, seq`;

/** At rest nobody holds a room, and none is due. */
async function findHeld({ query }: Cluster): Promise<readonly string[]> {
  const rooms = await query<{ room: string }>(
    `select channel || '/' || room as room from rooms where holder is not null or due_at < 'infinity'`,
  );
  return rooms.map(({ room }) => `${room} is still held or due`);
}

/** By room: how often the program said that it could not settle a send, and made it again. */
function readUnsettled({ instances }: Cluster): ReadonlyMap<string, number> {
  const told = new Map<string, number>();
  for (const line of instances.flatMap((one) => one.output().split("\n"))) {
    if (!line.includes("sent a part again that may have arrived before")) continue;
    const { channel, room } = JSON.parse(line) as { channel: string; room: string };
    told.set(`${channel}/${room}`, (told.get(`${channel}/${room}`) ?? 0) + 1);
  }
  return told;
}

/** One room: everything in the database once and in order, and shown as the database says, part by part. */
function auditPlace(place: Place, rows: readonly Row[], toldMax: number) {
  const violations: string[] = [];
  const say = (marker: string, what: string) => violations.push(`${marker} (${place.channel}) ${what}`);
  const shown = place.shown();
  const markers = new Map(rows.map((row) => [row.marker, row]));
  let lost = 0;
  for (let n = 1; n <= place.written; n++)
    if (!markers.has(`${place.name}#${n}`)) {
      lost += 1;
      say(`${place.name}#${n}`, "is not in the database");
    }
  const disordered = rows.filter(({ marker }, index) => marker !== `${place.name}#${index + 1}`);
  if (lost === 0 && disordered[0]) say(disordered[0].marker ?? "?", `is turn ${disordered[0].seq} of its room`);

  const texts = new Map(shown.map(({ id, text }) => [id, text]));
  let answered = 0;
  for (const row of rows) {
    const fault = row.state === "delivered" && !row.apology ? compareAnswer(row, texts) : undefined;
    if (fault) say(row.marker ?? "?", fault);
    else if (row.state === "delivered" && !row.apology) answered += 1;
    else if (row.state !== "parked" && !row.apology) say(row.marker ?? "?", `is ${row.state}`);
  }

  const told = rows.flatMap(({ parts }) => parts);
  const known = new Set(told);
  const extra = shown.filter(({ id }) => !known.has(id));
  for (const { id, text } of extra.slice(toldMax)) say(place.name, `shows ${id} that no turn knows: ${brief(text)}`);
  const missing = told.filter((id) => !texts.has(id));
  for (const id of missing) say(place.name, `does not show part ${id}`);
  const inOrder = shown.filter(({ id }) => known.has(id)).map(({ id }) => id);
  const swapped = inOrder.findIndex((id, index) => missing.length === 0 && id !== told[index]);
  if (swapped !== -1) say(place.name, `shows part ${inOrder[swapped]} where ${told[swapped]} belongs`);

  const crossed = shown.filter(({ text }) => mentionsOther(place, text));
  for (const { id, text } of crossed) say(place.name, `shows another's words in ${id}: ${brief(text)}`);
  return {
    violations,
    answered,
    lost,
    doubled: extra.length,
    told: Math.min(extra.length, toldMax),
    disordered: (lost === 0 ? disordered.length : 0) + (swapped === -1 ? 0 : 1),
    crossed: crossed.length,
  };
}

function compareAnswer({ marker, parts }: Row, texts: ReadonlyMap<string, string>): string | undefined {
  const said = bare(parts.map((id) => texts.get(id) ?? "").join(""));
  return said === bare(answerTo(marker ?? "")) ? undefined : `shows something else: ${brief(said)}`;
}

/** Where a part ends and how a page marks a paragraph are not the question here. */
function bare(text: string): string {
  return text.replaceAll(/\s/g, "");
}

function mentionsOther({ name }: Place, text: string): boolean {
  return [...text.matchAll(/(?:of|to) (R\d+)#\d+/g)].some(([, place]) => place !== name);
}

function brief(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return `“${line.length > 90 ? `${line.slice(0, 60)} … ${line.slice(-25)}` : line}”`;
}
