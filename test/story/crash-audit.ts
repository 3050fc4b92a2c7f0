import { until } from "../until.ts";
import type { Part, Room } from "./crash-rooms.ts";
import { type Crash, questionsOf } from "./crash-script.ts";
import type { Stage } from "./crash-stage.ts";

/** How far the message was when the process died: what decides whether the AI may be asked once more. */
export type Progress = { readonly asked: number; readonly isSaved: boolean };

type TurnRow = {
  readonly text: string;
  readonly state: "waiting" | "answered" | "delivered" | "parked";
  readonly parts: readonly string[];
};

export async function readProgress(crash: Crash, { script, query }: Stage): Promise<Progress> {
  const turns = await query<TurnRow>(readTurns, [crash.room.key]);
  const question = askedIn(crash);
  const answering = crash.row.story.replaces ? questionsOf(crash).at(-1) : question;
  const isSaved = turns.some(({ text, state }) => text === answering && state !== "waiting");
  return { asked: script.asked(question), isSaved };
}

/** What the AI is asked in the story; empty if nothing. */
function askedIn(crash: Crash): string {
  const questions = questionsOf(crash).filter((text) => !text.startsWith("/"));
  return (crash.row.story.replaces ? questions.at(-1) : questions[0]) ?? "";
}

/**
 * Waits until another process has ended everything in the room, asks something more, and looks at all of it from outside.
 *
 * @returns what is wrong
 */
export async function auditRoom(crash: Crash, progress: Progress, stage: Stage): Promise<readonly string[]> {
  const { room, name, writing } = crash;
  const { query } = stage;
  const before = questionsOf(crash);
  const last = `And ${name}`;
  await Promise.all(writing);
  await untilEnded(before.length, room, stage);
  await room.write(last);
  await untilEnded(before.length + 1, room, stage);
  await until(async () => (await query(readBusy, [room.key])).length === 0, "nobody holds the room");

  const turns = await query<TurnRow>(readTurns, [room.key]);
  const parts = await room.shown();
  const replies = turns.map((turn) => joined(turn, parts));
  return [
    ...auditTurns(crash, turns, [...before, last]),
    ...auditParts(parts, turns),
    ...auditHeads(parts),
    ...auditReplies(crash, turns, replies, stage),
    ...auditCalls(crash, progress, stage),
    ...auditPrompt(crash, turns, replies, stage),
  ];
}

async function untilEnded(count: number, room: Room, { query }: Stage): Promise<void> {
  const ended = async () => (await query<TurnRow>(readTurns, [room.key])).filter(({ state }) => ends.has(state)).length;
  await until(async () => (await ended()) >= count, `${count} turns have ended`, 30_000);
}

const ends: ReadonlySet<string> = new Set(["delivered", "parked", "refused"]);

/** What a person has changed stands in the row of their message, but is answered by the turn of the edit. */
const readTurns = `select coalesce(meant.message->>'text', case when edit.id is null then turns.message->>'text' else '' end) as text,
    turns.state, turns.parts from turns join rooms on rooms.id = turns.room_id
    left join turns meant on meant.room_id = rooms.id and meant.message_id = turns.message->'about'->>'messageId'
    left join turns edit on edit.room_id = rooms.id and edit.message->'about'->>'messageId' = turns.message_id
   where channel || '/' || room = $1 order by turns.seq`;

const readBusy = `select from rooms where channel || '/' || room = $1 and (holder is not null or due_at < 'infinity')`;

function joined({ parts }: TurnRow, shown: readonly Part[]): string {
  const own = parts.flatMap((id) => shown.find((part) => part.id === id) ?? []);
  return own.find(({ whole }) => whole)?.whole ?? own.map(({ text }) => text).join("\n\n");
}

/** In the order in which it was written. Only a room that refused may be left without words. */
function auditTurns({ row }: Crash, turns: readonly TurnRow[], questions: readonly string[]): readonly string[] {
  const found = turns.map(({ text, state }) => `${text}: ${state}`);
  const stateOf = (index: number) => (row.name === "parked" && index === 0 ? "parked" : "delivered");
  const textOf = (text: string, index: number) => (row.story.replaces === "question" && index === 0 ? "" : text);
  const expected = questions.map((text, index) => `${textOf(text, index)}: ${stateOf(index)}`);
  return compare("the turns", found, expected);
}

/** What the database knows is what the room shows. */
function auditParts(shown: readonly Part[], turns: readonly TurnRow[]): readonly string[] {
  const ids = shown.map(({ id }) => id);
  const known = turns.flatMap(({ parts }) => parts);
  return compare("the parts in the room", ids, known);
}

/** Before a file of the whole stand as many messages as a long answer has, and they are its beginning. */
function auditHeads(shown: readonly Part[]): readonly string[] {
  return shown.flatMap(({ whole }, index) => {
    if (whole === undefined) return [];
    const head = bare(
      shown
        .slice(index - 3, index)
        .map(({ text }) => text)
        .join(""),
    );
    return head !== "" && bare(whole).startsWith(head) ? [] : [`the head of a file: ${brief([head])}`];
  });
}

function auditReplies({ row }: Crash, turns: readonly TurnRow[], replies: readonly string[], { script }: Stage) {
  const own = [...(row.story.before === undefined ? [] : [undefined]), ...(row.story.replies ?? [])];
  return turns.flatMap(({ text, state }, index) => {
    const said = bare(replies[index] ?? "");
    const expected = own[index];
    if (expected) return expected.test(said) ? [] : [`${text} got ${brief([said])}`];
    const isBare = state === "parked" || (row.story.replaces && index === 0);
    const answer = isBare ? "" : script.answerTo(text, script.asked(text));
    return compare(`the answer to ${text}`, [said], [bare(answer)]);
  });
}

/** Once, and once more for the crash; not again after the answer was saved. */
function auditCalls(crash: Crash, { asked, isSaved }: Progress, { script }: Stage): readonly string[] {
  const question = askedIn(crash);
  const calls = question === "" ? 0 : script.asked(question);
  const callsMax = isSaved ? asked : asked + 1;
  return calls <= callsMax ? [] : [`the AI was asked ${calls} times, ${asked} of them before the crash`];
}

/** The prompt of the last question holds exactly what was said before it, since the last /reset. */
function auditPrompt({ row }: Crash, turns: readonly TurnRow[], replies: readonly string[], { world, script }: Stage) {
  const last = turns.at(-1);
  const { replaces } = row.story;
  // What was edited is forgotten; what was answered once more has the next turn's answer.
  const current = replaces === "question" ? turns.slice(1) : turns;
  const shift = replaces === "answer" ? 1 : 0;
  const spoken = current.slice(current.findLastIndex(({ text }) => text === "/reset") + 1);
  const said = spoken.flatMap((turn) => {
    if (turn.text.startsWith("/")) return [];
    const isUnseen = turn.state === "parked";
    const shown = isUnseen ? script.answerTo(turn.text, script.asked(turn.text)) : replies[turns.indexOf(turn) + shift];
    const answer = turn === last ? "" : bare(shown ?? "").replace(/\(stopped\)$|^⚠️.*/, "");
    return [`user:${bare(turn.text)}`, ...(answer ? [`assistant:${answer}`] : [])];
  });
  const request = world.ai.requests.findLast(({ body }) => body.messages.at(-1)?.content.endsWith(last?.text ?? ""));
  const prompt = (request?.body.messages ?? []).slice(1).map(({ role, content }) => `${role}:${bare(content)}`);
  // Questions without an answer between them are one message of the prompt.
  const asked = [said.join().replaceAll(/(user:[^,]*),user:/g, "$1")];
  const model = compare("the model", [request?.body.model ?? ""], [row.story.model ?? "test-model"]);
  return [...compare("the prompt", prompt, asked), ...model];
}

/** Where a part ends, and how a platform marks a paragraph, is not the question here. */
function bare(text: string): string {
  return text.replaceAll(/\s|[*_]/g, "");
}

function compare(what: string, found: readonly string[], expected: readonly string[]): readonly string[] {
  return found.join() === expected.join() ? [] : [`${what}: ${brief(found)} instead of ${brief(expected)}`];
}

function brief(texts: readonly string[]): string {
  const short = texts.map((text) => (text.length > 120 ? `${text.slice(0, 80)} … ${text.slice(-35)}` : text));
  return `“${short.join(" | ")}”`;
}
