/** An entity as a bot sends it. */
export type GivenEntity = {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
  readonly url?: string | undefined;
  readonly language?: string | undefined;
};

/** Stricter than Telegram, which mends some of this silently and so shows something else than was meant. */
const splittable = new Set(["bold", "italic", "underline", "strikethrough", "spoiler"]);
const blocks = new Set(["blockquote", "expandable_blockquote"]);
const codes = new Set(["code", "pre"]);
const entityTypes = new Set([...splittable, ...blocks, ...codes, "text_link"]);

/** Why Telegram would not show this as it was meant; undefined when it would. Offsets are UTF-16 units. */
export function messageFault(text: string, entities: readonly GivenEntity[]): string | undefined {
  if (text.length > 4096) return "message is too long";
  if (text.trim() === "") return "message text is empty";
  if (!text.isWellFormed()) return "strings must be encoded in UTF-8";
  if (entities.length > 100) return "more than 100 entities";
  if (text !== text.trimEnd()) return "text ends with whitespace";
  const codeStart = entities.find(({ type }) => codes.has(type) || blocks.has(type))?.offset;
  if (codeStart !== 0 && text !== text.trimStart()) return "text begins with whitespace";
  return entities.map((entity) => entityFault(text, entity)).find(Boolean) ?? nestingFault(entities);
}

function entityFault(text: string, { type, offset, length, url }: GivenEntity): string | undefined {
  const fault = (words: string) => `can't parse entities: ${type} at ${offset}+${length} ${words}`;
  if (!entityTypes.has(type)) return fault("is of an unknown type");
  if (!Number.isInteger(offset) || !Number.isInteger(length) || offset < 0 || length < 1) return fault("has no range");
  if (offset + length > text.length) return fault("ends after the text");
  if (splitsPair(text, offset) || splitsPair(text, offset + length)) return fault("splits a character");
  const covered = text.slice(offset, offset + length);
  if (covered.trim() === "") return fault("covers nothing");
  if (covered !== covered.trimEnd()) return fault("ends with whitespace");
  if (covered !== covered.trimStart() && !blocks.has(type) && type !== "pre") return fault("begins with whitespace");
  if ((type === "text_link") !== (url !== undefined)) return fault("and its url do not match");
  if (url !== undefined && !/^(?:https?|tg|ftp|ton):\/\/\S+$/i.test(url)) return fault("has a wrong URL");
  return undefined;
}

function splitsPair(text: string, at: number): boolean {
  return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(at - 1, at + 1));
}

/** "If two entities have common characters, then one is fully contained in the other", and code is contained in quotes only. */
function nestingFault(entities: readonly GivenEntity[]): string | undefined {
  const open: GivenEntity[] = [];
  const sorted = entities.toSorted((a, b) => a.offset - b.offset || b.length - a.length);
  for (const entity of sorted) {
    const end = entity.offset + entity.length;
    while (open.length > 0 && endOf(open.at(-1)) <= entity.offset) open.pop();
    const fault = (words: string) => `can't parse entities: ${entity.type} at ${entity.offset} ${words}`;
    if (open.some((outer) => endOf(outer) < end)) return fault("crosses another");
    if (open.some(({ type }) => type === entity.type)) return fault("is in another of its kind");
    if (open.some(({ type }) => codes.has(type))) return fault("is in code");
    if (codes.has(entity.type) && open.some(({ type }) => !blocks.has(type)))
      return fault("is code in other formatting");
    if (blocks.has(entity.type) && open.length > 0) return fault("is a quote in other formatting");
    open.push(entity);
  }
  return undefined;
}

function endOf(entity: GivenEntity | undefined): number {
  return entity ? entity.offset + entity.length : 0;
}
