import { readImports, type Import } from "./read-imports.ts";

type Rule = {
  /** What the one who broke it reads. */
  readonly sentence: string;
  broken(arrow: Import): boolean;
};

/** The floors of ARCHITECTURE.md, made to hold. */
const rules: readonly Rule[] = [
  {
    sentence:
      "The conversation touches nothing: no I/O, no package, no adapter in src/conversation. Ask for a port instead.",
    broken: ({ from, to }) => isIn(from, "src/conversation/") && !isIn(to, "src/conversation/"),
  },
  {
    sentence: "Words know only words: src/conversation/domain is the ground floor.",
    broken: ({ from, to }) => isIn(from, "src/conversation/domain/") && !isIn(to, "src/conversation/domain/"),
  },
  {
    sentence: "Ports know only words: a port that needs a step of the story is a step, not a port.",
    broken: ({ from, to }) => isIn(from, "src/conversation/ports/") && !isContract(to),
  },
  {
    sentence: "Adapters know ports and words: an adapter is told what to call, it does not look for it in the story.",
    broken: ({ from, to }) => isAdapter(from) && isIn(to, "src/conversation/") && !isContract(to),
  },
  {
    sentence: "Adapters are strangers: what two of them share belongs in a port, or is a coincidence.",
    broken: ({ from, to }) =>
      isAdapter(from) && isAdapter(to) && adapterOf(from) !== adapterOf(to) && !isPageToServer(from, to),
  },
  {
    sentence: "Channels are strangers: Discord must be removable without touching Telegram.",
    broken: ({ from, to }) => {
      const [mine, theirs] = [channelOf(from), channelOf(to)];
      return mine !== undefined && theirs !== undefined && mine !== theirs;
    },
  },
  {
    sentence: "Adapters are told everything by main.ts: of the files beside it they know src/secret.ts alone.",
    broken: ({ from, to }) => isAdapter(from) && /^src\/[^/]+$/.test(to) && to !== "src/secret.ts",
  },
  {
    sentence: "main.ts is the only plug: nobody else beside it knows an adapter.",
    broken: ({ from, to }) => isIn(from, "src/") && from !== "src/main.ts" && !isAdapter(from) && isAdapter(to),
  },
  {
    sentence: "src/text is a floor below the adapters: it knows Markdown's syntax tree and nothing else.",
    broken: ({ from, to }) =>
      isIn(from, "src/text/") && !isIn(to, "src/text/") && !/^(?:mdast|micromark|remend|unist)(?:-|$)/.test(to),
  },
  home("PostgreSQL", /^pg$/, "src/store/"),
  home("Redis", /^(?:redis|@redis\/.*)$/, "src/store/"),
  home("Discord", /^(?:discord|@discordjs\/)/, "src/channels/discord/"),
  home("Telegram", /^(?:grammy|@grammyjs\/.*)$/, "src/channels/telegram/"),
  home("PDF", /^(?:unpdf|pdfjs-dist)$/, "src/documents/"),
  home("HTTP", /^(?:fastify|@fastify\/.*|fastify-plugin)$/, "src/web/", "src/channels/web-chat/"),
  {
    sentence: "What runs does not know how it is tested.",
    broken: ({ from, to }) => isIn(from, "src/") && (isIn(to, "test/") || isIn(to, "bench/") || to === "vitest"),
  },
];

const environment = "Only main.ts reads process.env, and hands it to config.ts: everything else is told what it needs.";
const circle = "No circles: of two files that know each other, one is superfluous or both are one.";

/**
 * Every broken floor: the file, what it imports, and why not.
 *
 * @param sources by path from the root of the repository
 */
export function checkFloors(sources: ReadonlyMap<string, string>): readonly string[] {
  const facts = new Map([...sources].map(([path, source]) => [path, readImports(path, source)]));
  const arrows = [...facts.values()].flatMap(({ imports }) => imports);
  const complaints = arrows.flatMap((arrow) =>
    rules.filter((rule) => rule.broken(arrow)).map((rule) => `${arrow.from} → ${arrow.to}\n    ${rule.sentence}`),
  );
  for (const [path, { readsEnvironment }] of facts)
    if (readsEnvironment && isIn(path, "src/") && path !== "src/main.ts")
      complaints.push(`${path} → process.env\n    ${environment}`);
  for (const files of findCircles(arrows)) complaints.push(`${files.join(" → ")}\n    ${circle}`);
  return complaints;
}

function home(what: string, packages: RegExp, ...folders: readonly string[]): Rule {
  return {
    sentence: `${what} lives in ${folders.join(" and ")} alone.`,
    broken: ({ from, to }) => isIn(from, "src/") && packages.test(to) && !folders.some((folder) => isIn(from, folder)),
  };
}

/** Each circle once, from its first file in order of appearance. */
function findCircles(arrows: readonly Import[]): readonly (readonly string[])[] {
  const next = Map.groupBy(arrows, ({ from }) => from);
  const done = new Set<string>();
  const circles: string[][] = [];

  function visit(file: string, trail: readonly string[]): void {
    const since = trail.indexOf(file);
    if (since >= 0) circles.push([...trail.slice(since), file]);
    if (since >= 0 || done.has(file)) return;
    for (const { to } of next.get(file) ?? []) visit(to, [...trail, file]);
    done.add(file);
  }
  for (const file of next.keys()) visit(file, []);
  return circles;
}

function isIn(path: string, folder: string): boolean {
  return path.startsWith(folder);
}

function isContract(path: string): boolean {
  return isIn(path, "src/conversation/domain/") || isIn(path, "src/conversation/ports/");
}

function isAdapter(path: string): boolean {
  return adapterOf(path) !== undefined;
}

/** The page and the web chat are the two ends of one wire; what travels on it is written down once. */
function isPageToServer(from: string, to: string): boolean {
  return isIn(from, "src/web/page/") && to === "src/channels/web-chat/api.ts";
}

function adapterOf(path: string): string | undefined {
  return path.match(/^src\/(ai|channels|documents|store|web)\//)?.[1];
}

function channelOf(path: string): string | undefined {
  return path.match(/^src\/channels\/([^/]+)\//)?.[1];
}
