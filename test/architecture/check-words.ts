import { readSayings, type Sayings } from "./read-sayings.ts";

export const wordsFolder = "src/conversation/domain/words/";

type Catalogue = Readonly<Record<string, unknown>>;

/** What the platforms take; Discord is the narrowest. The first that a key belongs to counts. */
const narrowPlaces = [
  { keys: /^(?:commands|parley|fields|chat)\./, charsMax: 100, name: "a platform's menu" },
  { keys: /^ask\.menu$/, charsMax: 32, name: "the menu of a message" },
  { keys: /^ask\./, charsMax: 45, name: "a form" },
  { keys: /^buttons\./, charsMax: 40, name: "a button" },
];

/** What is wrong with a sentence, compared with the English one; undefined: nothing. In the order in which it is worth saying. */
const rules: readonly ((key: string, sentence: string, english: string) => string | undefined)[] = [
  (_key, sentence) => (sentence.trim() === "" ? "is empty" : undefined),
  (_key, sentence, english) => differ("placeholders", placeholdersOf(sentence), placeholdersOf(english)),
  (_key, sentence, english) => differ("commands", commandsOf(sentence), commandsOf(english)),
  (key, sentence) =>
    overflow(
      sentence,
      narrowPlaces.find(({ keys }) => keys.test(key)),
    ),
  (key, sentence) =>
    key.startsWith("examples.") && Buffer.byteLength(sentence) > 40
      ? `has ${Buffer.byteLength(sentence)} bytes; what a button sends back takes 40`
      : undefined,
  (key, sentence) =>
    key.startsWith("arguments.") && !/^[-_'\p{L}\p{N}]{1,32}$/u.test(sentence)
      ? "must be one word of at most 32 letters, for it names an option on Discord"
      : undefined,
];

/**
 * Every sentence that a translator or a programmer has to mend: each language says everything that English says, with the same
 * placeholders and commands; what is said exists and is given its values; what exists is said.
 *
 * @param catalogues what is in each file of `wordsFolder`, by language
 * @param sources by path from the root of the repository
 */
export function checkWords(
  catalogues: ReadonlyMap<string, string>,
  sources: ReadonlyMap<string, string>,
): readonly string[] {
  const broken = [...catalogues]
    .filter(([, json]) => !isJson(json))
    .map(([language]) => `${language}.json → is no JSON`);
  if (broken.length > 0) return broken;
  const english = read(catalogues.get("en") ?? "{}");
  const offered = sources.get(`${wordsFolder}catalogues.ts`) ?? "";
  const complaints = [...catalogues].flatMap(([language, json]) => [
    ...(offered.includes(`"./${language}.json"`)
      ? []
      : [`${language}.json → is not offered: name it in catalogues.ts`]),
    ...checkCatalogue(json, english).map((complaint) => `${language}.json → ${complaint}`),
  ]);
  return [...complaints, ...checkUses(english, sources)];
}

function checkCatalogue(json: string, english: Catalogue): readonly string[] {
  const catalogue = read(json);
  const written = [...json.matchAll(/^\s*"([^"]+)":/gm)].map(([, key = ""]) => key);
  const twice = written.filter((key, index) => written.indexOf(key) !== index);
  const unknown = Object.keys(catalogue).filter((key) => !Object.hasOwn(english, key));
  const order = Object.keys(english).filter((key) => Object.hasOwn(catalogue, key));
  const moved = Object.keys(catalogue)
    .filter((key) => Object.hasOwn(english, key))
    .find((key, place) => key !== order[place]);
  const mistakes = Object.entries(english).flatMap(([key, sentence]) => {
    const mistake = checkSentence(key, catalogue[key], String(sentence));
    return mistake === undefined ? [] : [`${key} ${mistake}`];
  });
  return [
    ...mistakes,
    ...twice.map((key) => `${key} stands there twice`),
    ...unknown.map((key) => `${key} is not in en.json: take it out, or correct its name`),
    ...(moved === undefined ? [] : [`${moved} stands elsewhere than in en.json: keep the order, line by line`]),
  ];
}

function checkSentence(key: string, sentence: unknown, english: string): string | undefined {
  if (typeof sentence !== "string") return `is missing. In English: ${JSON.stringify(english)}`;
  for (const rule of rules) {
    const mistake = rule(key, sentence, english);
    if (mistake !== undefined) return mistake;
  }
  return undefined;
}

function checkUses(english: Catalogue, sources: ReadonlyMap<string, string>): readonly string[] {
  const files = [...sources].filter(([path]) => path.startsWith("src/"));
  const sayings = files.map(([path, source]) => ({ path, ...readSayings(path, source) }));
  const said = new Set(sayings.flatMap(({ mentions }) => keysOf(mentions, english)));
  const unsaid = Object.keys(english).filter((key) => !said.has(key));
  const mistakes = sayings.flatMap(({ path, calls }) =>
    calls.flatMap((call) => checkCall(call, english).map((mistake) => `${path} → ${mistake}`)),
  );
  return [...mistakes, ...unsaid.map((key) => `en.json → ${key} is said nowhere in src: take it out`)];
}

function checkCall({ mentions, values }: Sayings["calls"][number], english: Catalogue): readonly string[] {
  if (values === undefined) return [];
  const keys = Object.keys(english).filter((key) => mentions.has(key));
  return keys.flatMap((key) => {
    const mistake = differ("values", new Set(values), placeholdersOf(String(english[key])));
    return mistake === undefined ? [] : [`${key} ${mistake}`];
  });
}

/** The keys that are mentioned, by their name or by the beginning of a template. */
function keysOf(mentions: ReadonlySet<string>, english: Catalogue): readonly string[] {
  return Object.keys(english).filter((key) => mentions.has(key) || mentions.has(key.slice(0, key.indexOf(".") + 1)));
}

function differ(what: string, found: ReadonlySet<string>, wanted: ReadonlySet<string>): string | undefined {
  const missing = [...wanted].filter((name) => !found.has(name));
  const extra = [...found].filter((name) => !wanted.has(name));
  if (missing.length + extra.length === 0) return undefined;
  const mistakes = [...missing.map((name) => `lacks ${name}`), ...extra.map((name) => `has ${name} too many`)];
  return `has other ${what} than the English sentence: ${mistakes.join(", ")}`;
}

function overflow(sentence: string, place: (typeof narrowPlaces)[number] | undefined): string | undefined {
  if (place === undefined || sentence.length <= place.charsMax) return undefined;
  return `has ${sentence.length} characters; ${place.name} takes ${place.charsMax}`;
}

function placeholdersOf(sentence: string): ReadonlySet<string> {
  return new Set([...sentence.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name));
}

/** "/model", also right after a Chinese or Japanese character. */
function commandsOf(sentence: string): ReadonlySet<string> {
  return new Set(sentence.match(/(?<![\w/:])\/[a-z]+/g));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function read(json: string): Catalogue {
  return JSON.parse(json) as Catalogue;
}
