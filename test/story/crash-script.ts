import type { AiDouble } from "../doubles/ai-double.ts";
import { until } from "../until.ts";
import type { Room, Side } from "./crash-rooms.ts";
import type { Row } from "./crash-rows.ts";

/** A row as it is played. */
export type Crash = {
  readonly row: Row;
  readonly room: Room;
  /** Stands in every text of the room that is no command. */
  readonly name: string;
  /** What is written resolves when it is taken, perhaps by the next process. */
  readonly writing: Promise<void>[];
};

/** What people write, and what the AI says. */
export type Script = {
  /** Everything that is written, up to where the process is to die. Resolves when nothing is left to do, or it has died. */
  play(crash: Crash, hasDied: () => boolean): Promise<void>;
  /** From now on the AI answers at once. */
  end(): void;
  /** How often the AI was asked to answer it. */
  asked(question: string): number;
  answerTo(question: string, time: number): string;
};

/** @returns what is written in the row's room, in order */
export function questionsOf({ row, name }: Pick<Crash, "row" | "name">): readonly string[] {
  const { before, texts } = row.story;
  return [...(before === undefined ? [] : [before]), ...texts].map((text) => ask(text, name));
}

function ask(text: string, name: string): string {
  return text.startsWith("/") ? text : `${text} ${name}`;
}

export function openScript(ai: AiDouble, side: Side): Script {
  /** How long the answers to a question are, one after the other. */
  const lengths = new Map<string, readonly number[]>();
  const asked = (question: string) =>
    ai.requests.filter(({ body }) => body.messages.at(-1)?.content.endsWith(question)).length;
  const answerTo = (question: string, time: number) => {
    const parts = lengths.get(question)?.slice(0, time).at(-1) ?? 0;
    return writeAnswer(`Answer ${time} to ${question}.`, parts * side.partChars);
  };
  ai.answer = ({ body }) => {
    const [, question = ""] = /(\S+ R\d+\S*)$/.exec(body.messages.at(-1)?.content ?? "") ?? [];
    return answerTo(question, asked(question));
  };

  return {
    asked,
    answerTo,
    end: () => ai.release(),
    async play({ row, room, name, writing }, hasDied) {
      const { before, texts, answerParts = [], pace, failure, replaces } = row.story;
      const [first = "", second] = texts.map((text) => ask(text, name));
      const orDeath = (condition: () => boolean | Promise<boolean>, what: string) =>
        until(async () => hasDied() || (await condition()), what, 30_000);

      lengths.set(first, answerParts);
      if (before !== undefined) {
        await room.write(ask(before, name));
        await orDeath(async () => (await room.shown()).length > 0, "what came before is answered");
      }
      if (failure === "cut") ai.failNext(1, "cut");
      if (failure === "unauthorized") ai.failNext(1, { status: 401, body: { error: { message: "No such key." } } });
      if (failure === "shut-out") room.refuseNext?.();
      if (pace !== undefined) ai.hold();
      writing.push(replaces === "question" ? room.edit(first) : room.write(first));
      if (pace === undefined) return;

      await orDeath(() => ai.running > 0, "the AI is asked");
      await orDeath(side.acknowledged, "the platform knows that it is kept");
      if (pace === "silent") return;
      if (typeof pace === "number") {
        ai.release(countTokens(answerTo(first, 1).slice(0, pace * side.partChars)));
        await orDeath(() => room.hasDraft(Math.ceil(pace)), "a draft is shown");
      }
      if (second === undefined) ai.release();
      else writing.push(room.write(second));
    },
  };
}

/** Lines that can be told from each other, until there are so many characters. */
function writeAnswer(firstLine: string, chars: number): string {
  const lines = [firstLine];
  for (let length = firstLine.length; length < chars; length += lines.at(-1)?.length ?? 0)
    lines.push(`Line ${lines.length} has ${"many".repeat(15)} words`);
  return lines.join("\n\n");
}

/** As the AI sends them: words, each with the space before it. */
function countTokens(text: string): number {
  return text.match(/\s*\S+/g)?.length ?? 0;
}
