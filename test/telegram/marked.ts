import type { GivenEntity } from "../doubles/telegram-entities.ts";

/** A text with its formatting in words: "<bold>text</bold>". */
export function marked({
  text,
  entities,
}: {
  readonly text: string;
  readonly entities: readonly GivenEntity[];
}): string {
  const marks = entities.flatMap(({ type, offset, length, url, language }, index) => {
    const detail = [url, language].filter(Boolean).map((one) => `=${one}`);
    return [
      { at: offset, order: index, mark: `<${type}${detail.join("")}>` },
      { at: offset + length, order: -index - 1, mark: `</${type}>` },
    ];
  });
  return marks
    .toSorted((a, b) => b.at - a.at || b.order - a.order)
    .reduce((shown, { at, mark }) => shown.slice(0, at) + mark + shown.slice(at), text);
}
