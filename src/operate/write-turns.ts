import { replyMarkdown } from "../conversation/domain/reply.ts";
import { referenceOf } from "../conversation/domain/reference.ts";
import type { TurnDetails, TurnOverview, TurnPage } from "../conversation/ports/parked-turns.ts";

const roomCharsMax = 32;
const errorCharsMax = 90;
const columnGap = "  ";

/** Turns as a table for people. */
export function writeTurns(turns: readonly TurnOverview[], { state, countMax }: TurnPage): string {
  const last = turns.at(-1);
  if (!last) return `No ${state} turns.`;
  const head = ["ID", "STATE", "KEPT (UTC)", "CHANNEL", "ROOM", "TRIES", "REPLY", "WHY"];
  const rows = turns.map((turn) => [
    referenceOf(turn),
    turn.state,
    writeTime(turn.keptAtMs),
    turn.channel,
    shorten(turn.room, roomCharsMax),
    String(turn.attempt),
    turn.hasReply ? "saved" : "none",
    shorten(turn.error ?? "", errorCharsMax),
  ]);
  const table = align([head, ...rows]);
  return turns.length < countMax ? table : `${table}\n\nThe next page: --before ${last.id}`;
}

/** One turn with its texts, for people. */
export function writeTurn(turn: TurnDetails): string {
  const { message, reply } = turn;
  const facts = [
    ["turn", referenceOf(turn)],
    ["state", turn.state],
    ["channel", turn.channel],
    ["room", turn.room],
    ["message", turn.messageId],
    ["from", `${message.author.name} (${message.author.id})`],
    ["kept", `${writeTime(turn.keptAtMs)} UTC`],
    ["ended", turn.endedAtMs === undefined ? "not yet" : `${writeTime(turn.endedAtMs)} UTC`],
    ["tries", `${turn.attempt}, of which the last ${turn.crashes} ended without a word`],
    ["parts", turn.parts.join(", ") || "none shown"],
    ["why", turn.error ?? ""],
  ].map(([name = "", value = ""]) => [name, oneLine(value)]);
  const texts = [
    ["What was written", message.text],
    [reply ? "The saved reply" : "No reply is saved", reply ? replyMarkdown(reply) : ""],
  ].map(([title = "", text = ""]) => `${title}\n${indent(text)}`.trimEnd());
  return [align(facts), ...texts].join("\n\n");
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(columnGap)
        .trimEnd(),
    )
    .join("\n");
}

function writeTime(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 16).replace("T", " ");
}

function shorten(text: string, charsMax: number): string {
  const line = oneLine(text);
  return line.length <= charsMax ? line : `${line.slice(0, charsMax - 1).toWellFormed()}…`;
}

function oneLine(text: string): string {
  return harmless(text).replaceAll(/\s+/g, " ").trim();
}

function indent(text: string): string {
  return harmless(text).replaceAll(/^/gm, "  ");
}

/** What strangers wrote must not steer the operator's terminal: no escape sequences, no turned writing direction. */
function harmless(text: string): string {
  return text.replaceAll(/(?![\n\t])\p{Cc}|[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, "");
}
