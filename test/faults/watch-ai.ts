import type { AiFault } from "../doubles/ai-faults.ts";
import type { AiRequest } from "../doubles/ai-request.ts";
import type { Cluster } from "./cluster.ts";
import type { Place } from "./places.ts";
import { answerTo } from "./talk.ts";

/** One request, as the AI saw it. */
export type AiCall = {
  /** What was asked, such as "R7#12". */
  readonly marker: string;
  /** The process that asked. */
  readonly process: string;
  readonly atMs: number;
  readonly faulted: boolean;
};

export type AiWatch = {
  readonly calls: readonly AiCall[];
  /** What it was asked, each once. */
  readonly asked: ReadonlySet<string>;
  /** What no prompt may hold, and what came too early. */
  readonly violations: readonly string[];
  /** Answers that a prompt lacks: right only where there was none. */
  readonly lacking: readonly { readonly marker: string; readonly answer: string }[];
  /** Decides for each request whether it fails, and how. */
  fault: ((request: AiRequest) => AiFault | undefined) | undefined;
};

/** Messages of history that the program shows a model: the newest 19, never beginning with an answer. */
const pairsMax = 9;

/** Lets the AI answer by the questions' markers, and reads every prompt: it must hold what came before in its room, and nothing else. */
export function watchAi({ ai }: Cluster, places: readonly Place[]): AiWatch {
  const byName = new Map(places.map((place) => [place.name, place]));
  const [calls, violations, lacking]: [AiCall[], string[], AiWatch["lacking"][number][]] = [[], [], []];
  const asked = new Set<string>();
  const watch: AiWatch = { calls, asked, violations, lacking, fault: undefined };

  const look = (request: AiRequest): AiFault | undefined => {
    const atMs = Date.now();
    const process = request.headers.authorization?.replace("Bearer ", "") ?? "";
    const said = readPrompt(request);
    const last = said.at(-1);
    if (!last) {
      violations.push(`${process} asked without a question of ours: ${JSON.stringify(request.body.messages.at(-1))}`);
      return undefined;
    }
    const marker = `${last.place}#${last.n}`;
    for (const what of checkPrompt(said)) violations.push(`the prompt of ${marker} (by ${process}) ${what}`);
    lacking.push(...unanswered(said).map((answer) => ({ marker, answer })));
    const before = byName.get(last.place);
    const isEarly = before && before.channel !== "web" && last.n > 1 && !hasEnded(before, last.n - 1);
    if (isEarly)
      violations.push(
        `${marker} was asked (by ${process}) before ${last.place}#${last.n - 1} was answered in the room`,
      );
    const fault = watch.fault?.(request);
    asked.add(marker);
    calls.push({ marker, process, atMs, faulted: fault !== undefined });
    return fault;
  };

  const decided = new WeakMap<AiRequest, { readonly fault: AiFault | undefined }>();
  const decide = (request: AiRequest) => {
    const known = decided.get(request) ?? { fault: look(request) };
    decided.set(request, known);
    return known.fault;
  };
  for (const fault of aiFaults) ai.failWhile(fault, (request) => decide(request) === fault);
  ai.answer = (request) => {
    const last = readPrompt(request).at(-1);
    return answerTo(`${last?.place}#${last?.n}`);
  };
  return watch;
}

const down = {
  status: 500,
  body: { error: { message: "The server had an error.", type: "server_error" } },
};
const busy = {
  status: 429,
  headers: { "retry-after": "2" },
  body: { error: { message: "Rate limit reached.", type: "requests", code: "rate_limit_exceeded" } },
};
/** What the AI can be made to do wrong. */
export const aiFaults: readonly AiFault[] = [
  down,
  busy,
  "hang",
  "hang-before-token",
  "stall",
  "cut",
  "no-end",
  "reset",
];

type Said = { readonly role: string; readonly place: string; readonly n: number };

function readPrompt({ body }: AiRequest): readonly Said[] {
  return body.messages.flatMap(({ role, content }) => {
    if (role === "system") return [];
    const found = content.matchAll(role === "user" ? /Question (R\d+)#(\d+)/g : /End of (R\d+)#(\d+)\./g);
    return [...found].map(([, place = "", n]) => ({ role, place, n: Number(n) }));
  });
}

/** Questions without a gap up to the last, each with its answer behind it or without one; of this room; as many as there must be. */
function* checkPrompt(said: readonly Said[]): Iterable<string> {
  const place = said.at(-1)?.place;
  const stranger = said.find((one) => one.place !== place);
  if (stranger) yield `holds words of ${stranger.place}`;
  const questions = said.filter(({ role }) => role === "user").map(({ n }) => n);
  if (questions.some((n, index) => index > 0 && n !== (questions[index - 1] ?? 0) + 1))
    yield `holds the questions ${questions.join(", ")}`;
  const last = questions.at(-1) ?? 0;
  if (questions.length - 1 < Math.min(last - 1, pairsMax))
    yield `holds ${questions.length - 1} of ${last - 1} questions before it`;
  const misplaced = said.find(({ role, n }, index) => role === "assistant" && said[index - 1]?.n !== n);
  if (misplaced) yield `holds the answer to ${misplaced.n} in another place`;
}

function unanswered(said: readonly Said[]): readonly string[] {
  return said
    .slice(0, -1)
    .filter(({ role }, index) => role === "user" && said[index + 1]?.role !== "assistant")
    .map(({ place, n }) => `${place}#${n}`);
}

function hasEnded(place: Place, n: number): boolean {
  const end = `End of ${place.name}#${n}.`;
  return place.shown().some(({ text }) => text.includes(end) || text.includes("⚠️"));
}
