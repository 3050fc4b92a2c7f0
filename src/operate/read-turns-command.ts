import { parseArgs } from "node:util";
import { type ListedState, listedStates, type Replay, type TurnPage } from "../conversation/ports/parked-turns.ts";

/** What an operator asked for. */
export type TurnsCommand = { readonly asJson: boolean } & (
  | { readonly kind: "help" }
  | { readonly kind: "list"; readonly page: TurnPage }
  | { readonly kind: "show" | "discard"; readonly turnId: string }
  | { readonly kind: "replay"; readonly turnId: string; readonly how: Replay }
);

/** The words after the program's name make no command; the message says what would. */
export class UsageError extends Error {
  override name = "UsageError";
}

export const turnsUsage = `npm run parley -- turns list               what waits for a person, the newest first
npm run parley -- turns show ID            one turn, with what was written
npm run parley -- turns replay ID          back to the end of its room's line; a saved reply is only sent
npm run parley -- turns replay ID --again  the same, but the AI writes a new reply
npm run parley -- turns discard ID         not to be listed any more

--state parked|waiting|discarded   what to list (parked)
--limit 50                         how many at most (1 to 200)
--before ID                        those before this turn: the next page
--json                             for programs; with "npm run --silent" nothing else is printed`;

const countMaxMax = 200;

/**
 * Reads the words after `turns`. Turns are named by their number, with or without the T of the reference that people are told.
 *
 * @throws UsageError
 */
export function readTurnsCommand(words: readonly string[]): TurnsCommand {
  const { values, positionals } = readWords(words);
  const asJson = values.json;
  const [action = "list", id, ...rest] = positionals;
  if (values.help || action === "help") return { kind: "help", asJson };
  if (rest.length > 0) throw wrong(`One turn at a time: ${rest.join(" ")} is too much.`);

  switch (action) {
    case "list":
      if (id !== undefined) throw wrong(`"turns list" takes no ID. To see one turn: turns show ${id}`);
      return { kind: "list", asJson, page: readPage(values) };
    case "show":
    case "discard":
      return { kind: action, asJson, turnId: readTurnId(id, action) };
    case "replay":
      return { kind: action, asJson, turnId: readTurnId(id, action), how: values.again ? "ask-again" : "keep-reply" };
    default:
      throw wrong(`There is no "turns ${action}".`);
  }
}

function readWords(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        state: { type: "string", default: "parked" },
        limit: { type: "string", default: "50" },
        before: { type: "string" },
        again: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
}

type PageWords = { readonly state: string; readonly limit: string; readonly before?: string | undefined };

function readPage({ state, limit, before }: PageWords): TurnPage {
  if (!isListed(state)) throw wrong(`--state is one of ${listedStates.join(", ")}, not "${state}".`);
  const countMax = /^\d{1,3}$/.test(limit) ? Number(limit) : 0;
  if (countMax < 1 || countMax > countMaxMax)
    throw wrong(`--limit is a number from 1 to ${countMaxMax}, not "${limit}".`);
  return { state, countMax, ...(before !== undefined && { before: readTurnId(before, "list --before") }) };
}

function isListed(state: string): state is ListedState {
  return listedStates.some((listed) => listed === state);
}

function readTurnId(word: string | undefined, action: string): string {
  const id = /^T?(\d{1,18})$/i.exec(word ?? "")?.[1];
  if (id !== undefined) return id;
  throw wrong(
    word === undefined ? `"turns ${action}" needs the ID of a turn.` : `"${word}" is no ID of a turn: it is a number.`,
  );
}

function wrong(sentence: string): UsageError {
  return new UsageError(`${sentence}\n\n${turnsUsage}`);
}
