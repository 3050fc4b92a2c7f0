/** A room with Parley in it, as the person who writes there sees it. */
export type GoldenRoom = {
  /** What the person's messages and Parley's show, oldest first. */
  messages(): readonly GoldenMessage[];
  /** What Parley is writing, where that is no message yet. */
  draft(): string | undefined;
  say(text: string): void;
  /** Two pictures that belong together, with a text. */
  sendPictures(text: string): void;
  /** Changes what was said last. */
  edit(text: string): void;
  /** Presses a button under Parley's newest message. */
  press(label: string): void;
};

export type GoldenMessage = {
  readonly id: string;
  readonly from: string;
  /** With its formatting. */
  readonly text: string;
  readonly buttons: readonly string[];
  readonly files: readonly { readonly name: string; readonly text: string }[];
};

/** A conversation, told as it went. */
export class GoldenTranscript {
  readonly #lines: string[];
  #before: readonly GoldenMessage[] = [];

  constructor(title: string) {
    this.#lines = [title, "═".repeat(title.length)];
  }

  /** Tells what is new in the room, what has changed and what has gone since the last time; and then, which buttons there are no more. */
  tell(messages: readonly GoldenMessage[]): void {
    const before = new Map(this.#before.map((one) => [one.id, one]));
    for (const { id, from, text } of this.#before)
      if (!messages.some((one) => one.id === id)) this.#tell(`${from} removes “${begin(text)}”`);
    for (const message of messages) this.#tellOne(message, before.get(message.id));
    for (const { id, text, buttons } of messages)
      if (buttons.length === 0 && before.get(id)?.buttons.length) this.#tell(`(The buttons of “${begin(text)}” go.)`);
    this.#before = messages;
  }

  /** Tells what stands there for now. */
  tellDraft(text: string): void {
    this.#tell("Parley is writing:", ...indented(text));
  }

  note(words: string): void {
    this.#lines.push("", `── ${words}`);
  }

  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }

  #tellOne(message: GoldenMessage, before: GoldenMessage | undefined): void {
    const { from, text, files, buttons } = message;
    const offers = files.map((file) => `    📎 ${file.name}, ${file.text.length} characters: ${begin(file.text)}`);
    const keys = buttons.length > 0 ? [`    ${buttons.map((label) => `[${label}]`).join(" ")}`] : [];
    const body = [...indented(text), ...offers, ...keys];
    if (!before) this.#tell(`${from}:`, ...body);
    else if (before.text !== text || before.files.length !== files.length)
      this.#tell(`${from} changes “${begin(before.text)}” into:`, ...body);
  }

  #tell(...lines: readonly string[]): void {
    this.#lines.push("", ...lines);
  }
}

function indented(text: string): readonly string[] {
  const lines = text.split("\n");
  const shown = text.length <= charsMax ? lines : [lines[0], "…", lines.at(-1)];
  return shown.map((line) => `    ${line}`.trimEnd());
}

/** Of a longer message the first line and the last are told. */
const charsMax = 1_500;

function begin(text: string): string {
  const [line = ""] = text.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/g, "some time").split("\n");
  return line.length > 40 ? `${line.slice(0, 40)}…` : line;
}
