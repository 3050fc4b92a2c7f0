import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { Random } from "./random.ts";

/** What stands before the instances, as nginx would: one address, each request to an instance that is ready. */
export type Balancer = {
  readonly url: string;
  /** Its answers that say that something is wrong on this side, such as "503 /api/chat/messages". */
  readonly failures: readonly string[];
  /** The share of 2xx answers to webhook deliveries that are lost on their way back, and of deliveries that are made twice at once. */
  chaos: { lost: number; doubled: number };
  /** How often each of both came about. */
  readonly done: { lost: number; doubled: number };
  close(): Promise<void>;
};

const readyPollMs = 100;
const webhookPath = "/api/webhook/";

/** `targets` are the addresses of the instances that run, as they are now. */
export async function startBalancer(targets: () => readonly string[], random: Random): Promise<Balancer> {
  const failures: string[] = [];
  let ready = new Set<string>();
  let turn = 0;

  /** Those that are ready first, in turns; then the others, for a probe may be late. */
  const inTurns = (): readonly string[] => {
    const all = targets();
    const first = all.length === 0 ? 0 : turn++ % all.length;
    const rotated = [...all.slice(first), ...all.slice(0, first)];
    return [...rotated.filter((url) => ready.has(url)), ...rotated.filter((url) => !ready.has(url))];
  };
  const probing = setInterval(() => {
    void Promise.all(targets().map(async (url) => ((await isReady(url)) ? url : ""))).then(
      (found) => (ready = new Set(found.filter(Boolean))),
    );
  }, readyPollMs);

  const serve = async (from: IncomingMessage, to: ServerResponse) => {
    const body = await readBody(from);
    const isWebhook = from.url?.startsWith(webhookPath) === true;
    const choice = inTurns();
    if (isWebhook && random() < balancer.chaos.doubled && choice.length > 1) {
      balancer.done.doubled += 1;
      void tryEach(from, body, choice.toReversed()).then((answer) => answer?.resume());
    }
    const answer = await tryEach(from, body, choice);
    if (!answer) {
      failures.push(`502 ${from.url}`);
      to.writeHead(502).end();
      return;
    }
    const status = answer.statusCode ?? 0;
    if (status >= 500) failures.push(`${status} ${from.url}`);
    if (isWebhook && status < 300 && random() < balancer.chaos.lost) {
      balancer.done.lost += 1;
      answer.resume();
      to.socket?.destroy();
      return;
    }
    if (to.destroyed) {
      answer.destroy();
      return;
    }
    to.writeHead(status, answer.headers);
    answer.on("error", () => to.destroy());
    answer.on("aborted", () => to.destroy());
    to.on("close", () => answer.destroy());
    answer.pipe(to);
  };

  const server = createServer((from, to) => {
    serve(from, to).catch(() => to.destroy());
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const balancer: Balancer = {
    url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
    failures,
    chaos: { lost: 0, doubled: 0 },
    done: { lost: 0, doubled: 0 },
    async close() {
      clearInterval(probing);
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return balancer;
}

/** The first that takes the connection answers; undefined when it then breaks off, or none takes it. */
async function tryEach(
  from: IncomingMessage,
  body: Buffer,
  urls: readonly string[],
): Promise<IncomingMessage | undefined> {
  for (const url of urls) {
    const answer = await pass(from, body, url);
    if (answer !== "refused") return answer;
  }
  return undefined;
}

function pass(from: IncomingMessage, body: Buffer, url: string): Promise<IncomingMessage | "refused" | undefined> {
  return new Promise((resolve) => {
    const { connection: _, "transfer-encoding": __, ...headers } = from.headers;
    const passing = request(url + from.url, { method: from.method, headers, agent: false });
    passing.on("response", resolve);
    passing.on("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "ECONNREFUSED" ? "refused" : undefined),
    );
    passing.end(body);
  });
}

async function isReady(url: string): Promise<boolean> {
  try {
    const { ok } = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(1_000) });
    return ok;
  } catch {
    return false;
  }
}

async function readBody(from: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of from) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
