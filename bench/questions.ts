/** The `number`th message of a person, counted from 1. */
export type Question = { readonly person: number; readonly number: number };

export function questionText({ person, number }: Question): string {
  return `Question ${person}/${number}: what should I know about the harbour before I sail in tomorrow morning?`;
}

/** What the AI answers: some 60 words with a little Markdown, which say whose answer it is at both ends. */
export function answerText(asked: string): string {
  const name = /Question (\d+\/\d+):/.exec(asked)?.[1] ?? "nobody";
  return `Answer to ${name}: come in **two hours before high water**, for the bar at the mouth dries at low tide. Keep the green buoys to starboard, call the harbour master on \`channel 12\` when you pass the lighthouse, and have your lines ready on both sides. The visitors' berths lie behind the second pier, and the baker opens at six. That is all on ${name}.`;
}

/** Which question a text answers from its first to its last word, as "person/number". */
export function endOf(text: string): string | undefined {
  return /^Answer to (\d+\/\d+): .* That is all on \1\.$/s.exec(text)?.[1];
}
