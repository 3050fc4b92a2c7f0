import { referenceOf } from "../conversation/domain/reference.ts";
import type { Decision, ParkedTurns } from "../conversation/ports/parked-turns.ts";
import type { TurnsCommand } from "./read-turns-command.ts";
import { writeTurn, writeTurns } from "./write-turns.ts";

/** What is printed, and whether it is what was asked for. */
export type Outcome = { readonly kind: "done" | "failed"; readonly text: string };

/**
 * Does what an operator asked for.
 *
 * @throws StoreError
 */
export async function runTurnsCommand(
  command: Exclude<TurnsCommand, { kind: "help" }>,
  turns: ParkedTurns,
): Promise<Outcome> {
  const { asJson } = command;
  switch (command.kind) {
    case "list": {
      const listed = await turns.list(command.page);
      return done(asJson ? toJson(listed) : writeTurns(listed, command.page));
    }
    case "show": {
      const turn = await turns.show(command.turnId);
      if (!turn) return unknown(command.turnId);
      return done(asJson ? toJson(turn) : writeTurn(turn));
    }
    case "replay": {
      const decision = await turns.replay(command.turnId, command.how);
      return decided(
        command,
        decision,
        "goes back to the end of its room's line; a running Parley takes it up within a second",
      );
    }
    case "discard":
      return decided(command, await turns.discard(command.turnId), "is discarded");
  }
}

function decided(
  { kind, turnId, asJson }: { readonly kind: string; readonly turnId: string; readonly asJson: boolean },
  decision: Decision,
  sentence: string,
): Outcome {
  switch (decision.kind) {
    case "done":
      return done(asJson ? toJson({ id: turnId, done: kind }) : `${referenceOf({ id: turnId })} ${sentence}.`);
    case "not-parked":
      return failed(`${referenceOf({ id: turnId })} is ${decision.state}, and only a parked turn can be decided on.`);
    case "unknown":
      return unknown(turnId);
  }
}

function unknown(turnId: string): Outcome {
  return failed(`There is no turn ${referenceOf({ id: turnId })}. "turns list" shows those that wait for a person.`);
}

function done(text: string): Outcome {
  return { kind: "done", text };
}

function failed(text: string): Outcome {
  return { kind: "failed", text };
}

function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
