import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { say } from "../../src/conversation/domain/words/say.ts";
import { until } from "../until.ts";
import type { World } from "./open-world.ts";
import type { Environment } from "./start-parley.ts";

/** A person's talk with the bot alone, on whatever platform. */
export type OwnRoom = {
  ask(question: string): void;
  /** Uses a command in the platform's own way, with its argument in the field that takes it. */
  use(name: string, argument?: Argument): void;
  press(said: Said, label: string): void;
  /** What the bot has said, oldest first. */
  said(): readonly Said[];
};

export type Argument = { readonly field: string; readonly text: string };

export type Said = {
  readonly id: string;
  readonly text: string;
  readonly labels: readonly string[];
  /** The text of the file that came with it. */
  readonly file?: string | undefined;
};

type Row = {
  readonly name: string;
  readonly argument?: Argument;
  readonly says: RegExp;
  readonly file?: RegExp;
  /** By the label of each button that is ever offered: what stands there after the press, and what the AI reads from then on. */
  readonly buttons?: Readonly<Record<string, { readonly says: RegExp; readonly prompt: RegExp }>>;
};

const rows: readonly Row[] = [
  { name: "system", says: /no instructions/ },
  { name: "system", argument: { field: "text", text: "Answer like a pirate." }, says: /I keep to that/ },
  { name: "system", says: /Answer like a pirate\./ },
  {
    name: "persona",
    says: /Here I am /,
    buttons: {
      "Captain Anne": { says: /From now on I am Captain Anne/, prompt: /You sail\.[^]*Answer like a pirate\./ },
      "a patient tutor": { says: /From now on I am a patient tutor/, prompt: /You teach\.[^]*Answer like a pirate\./ },
      [say("en", "buttons.nobody")]: { says: /nobody in particular again/, prompt: /helpful assistant/ },
    },
  },
  {
    name: "resume",
    says: /Our last conversations here/,
    buttons: {
      "About cats": { says: /We go on with “About cats”/, prompt: /^(?![^]*About dogs)[^]*About cats/ },
      "About dogs": { says: /We go on with “About dogs”/, prompt: /^(?![^]*About cats)[^]*About dogs/ },
    },
  },
  {
    name: "export",
    argument: { field: "format", text: "json" },
    says: /Messages in it: \d+/,
    file: /^\{[^]*"text": "About dogs"/,
  },
  { name: "privacy", says: /kept in this bot’s own database[^]*Run by Eve/ },
  { name: "why", says: /I answer everything that you write here[^]*test-model/ },
];

/**
 * Uses `/system`, `/persona`, `/resume`, `/export`, `/privacy` and `/why` one after the other, and presses each button that they offer,
 * in a room that is new and among instances that have `ownCommandsSettings`.
 */
export async function useOwnCommands(room: OwnRoom, { ai, count }: Pick<World, "ai" | "count">): Promise<void> {
  let turns = 0;
  const untilDone = async (what: string) => {
    turns += 1;
    await until(async () => (await count("turns where state = 'delivered'")) === turns, what, 30_000);
  };
  const ask = async (question: string) => {
    room.ask(question);
    await untilDone(`an answer to “${question}”`);
    return ai.requests
      .at(-1)
      ?.body.messages.map(({ content }) => content)
      .join("\n");
  };
  const use = async ({ name, argument, says, file = /^$/ }: Row) => {
    room.use(name, argument);
    await untilDone(`what /${name} says`);
    const said = room.said().at(-1);
    expect(said?.text).toMatch(says);
    expect(said?.file ?? "").toMatch(file);
    return said;
  };

  await ask("About cats");
  await use({ name: "reset", says: /Starting fresh/ });
  await ask("About dogs");
  for (const { buttons = {}, ...row } of rows) {
    const pressed: string[] = [];
    for (let said = await use(row); said; said = await use(row)) {
      const label = said.labels.find((one) => !pressed.includes(one));
      if (label === undefined) break;
      pressed.push(label);
      room.press(said, label);
      await untilDone(`what “${label}” does`);
      const { id } = said;
      expect(room.said().at(-1)).toMatchObject({
        id,
        text: expect.stringMatching(buttons[label]?.says ?? "no such button"),
      });
      expect(await ask("And now?")).toMatch(buttons[label]?.prompt ?? "");
    }
    expect(pressed.sort(), row.name).toEqual(Object.keys(buttons).sort());
  }
}

/** Settings by which there is something to choose, and something to tell. */
export async function withOwnCommands<T>(run: (settings: Environment) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "parley-personas-"));
  const file = join(folder, "personas.json");
  const personas = [
    { name: "pirate", title: "Captain Anne", instructions: "You sail." },
    { name: "tutor", title: "a patient tutor", instructions: "You teach." },
  ];
  await writeFile(file, JSON.stringify(personas));
  try {
    return await run({ PERSONAS: file, PRIVACY_NOTE: "Run by Eve, eve@example.org." });
  } finally {
    await rm(folder, { recursive: true });
  }
}
