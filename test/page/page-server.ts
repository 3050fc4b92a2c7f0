import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import {
  chatLimits,
  chatPaths,
  type ChatError,
  type ChatEvents,
  type ChatReply,
  type ChatTurn,
  type MessageRequest,
  type SessionAnswer,
} from "../../src/channels/web-chat/api.ts";

/** A small server that speaks the chat's API for one room and serves the built page with the real one's headers. */
export type PageServer = {
  readonly url: string;
  /** Bodies of all POSTs to /messages, refused ones too. */
  readonly posts: readonly MessageRequest[];
  /** What the page asked for and the API does not know. */
  readonly unknown: readonly string[];
  /** How often the stream was opened, with the Last-Event-ID of each. */
  readonly streams: readonly string[];
  /** Lets the oldest unanswered message's reply grow to `text`. */
  grow(text: string): void;
  /** Ends it. */
  finish(reply: string | Partial<ChatReply>): void;
  fail(): void;
  /** The next POSTs to /messages are refused, one each. */
  refuse(...refusals: readonly Refusal[]): void;
  /** The next POST is kept, but its answer is lost on the way. */
  loseAnswer(): void;
  /** Ends all streams, as a broken network does. */
  dropStreams(): void;
  say(status: ChatEvents["status"]): void;
  /** Puts a finished turn into the room without a word to anyone. */
  remember(text: string, reply: string): void;
  close(): Promise<void>;
};

export type Refusal = ChatError & { readonly status: number };

export type PageServerOptions = {
  readonly pageDir: string;
  readonly accessToken?: string;
  /** Answers at once, in place of `grow` and `finish`. */
  readonly answer?: (text: string) => string;
};

const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types dompurify",
  "x-content-type-options": "nosniff",
  "x-dns-prefetch-control": "off",
  "referrer-policy": "no-referrer",
};

const session: Omit<SessionAnswer, "login"> = {
  channel: "web",
  program: { name: "parley", version: "0.1.0" },
  limits: { messageCharsMax: chatLimits.messageCharsMax, nameCharsMax: chatLimits.nameCharsMax },
  commands: [
    { name: "help", summary: "What I can do" },
    { name: "model", summary: "Show or choose the model", argument: "NAME" },
    { name: "reset", summary: "Start a new conversation" },
    { name: "status", summary: "Model, messages and tokens" },
    { name: "stop", summary: "Stop the answer that is being written" },
  ],
};

export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const room = createRoom(options.answer);
  const posts: MessageRequest[] = [];
  const unknown: string[] = [];
  const refusals: Refusal[] = [];
  let answersToLose = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://page");
    const loggedIn = !options.accessToken || request.headers.cookie?.includes("login=yes") === true;
    const route = `${request.method} ${url.pathname}`;
    if (route === `GET ${chatPaths.session}`) return json(response, 200, { ...session, login: loginState(loggedIn) });
    if (route === `POST ${chatPaths.login}`) return logIn(request, response);
    if (route === `POST ${chatPaths.logout}`)
      return void response.writeHead(204, { "set-cookie": "login=; Path=/; Max-Age=0" }).end();
    if (url.pathname.startsWith("/api/") && !loggedIn)
      return json(response, 401, { error: "login", message: "Log in first." });
    if (route === `POST ${chatPaths.messages}`) return take(request, response);
    if (route === `GET ${chatPaths.messages}`) return json(response, 200, room.before(url.searchParams));
    if (route === `GET ${chatPaths.events}`) return room.open(request, response);
    if (await serveFile(options.pageDir, url.pathname, response)) return;
    unknown.push(route);
    json(response, 404, { error: "not_found", message: "There is nothing here." });
  }

  function loginState(loggedIn: boolean): SessionAnswer["login"] {
    if (!options.accessToken) return "open";
    return loggedIn ? "done" : "needed";
  }

  async function logIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { token } = (await readJson(request)) as { token: string };
    if (token !== options.accessToken)
      return json(response, 401, { error: "wrong_token", message: "That token is not right." });
    response.writeHead(204, { "set-cookie": "login=yes; Path=/; HttpOnly; SameSite=Lax" }).end();
  }

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const message = (await readJson(request)) as MessageRequest;
    posts.push(message);
    const mistake = mistakeIn(request, message);
    if (mistake) return json(response, 400, { error: "bad_request", message: mistake });
    const refusal = refusals.shift();
    if (refusal) return json(response, refusal.status, refusal);
    const status = room.keep(message);
    answersToLose -= 1;
    if (answersToLose >= 0) return void request.socket.destroy();
    json(response, 202, { id: message.id, status });
  }

  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("The page server has no port.");

  return {
    url: `http://127.0.0.1:${address.port}/`,
    posts,
    unknown,
    streams: room.opened,
    grow: room.grow,
    finish: (reply) => room.finish(typeof reply === "string" ? { text: reply } : reply),
    fail: room.fail,
    refuse: (...more) => void refusals.push(...more),
    loseAnswer: () => void (answersToLose = 1),
    dropStreams: room.drop,
    say: room.say,
    remember: room.remember,
    async close() {
      room.drop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function createRoom(answer: PageServerOptions["answer"]) {
  const turns: ChatTurn[] = [];
  const written = new Map<string, string>();
  const streams = new Set<ServerResponse>();
  const opened: string[] = [];

  const tell = <Name extends keyof ChatEvents>(to: Iterable<ServerResponse>, name: Name, data: ChatEvents[Name]) => {
    const open = turns.findIndex(({ state }) => state === "waiting");
    const resumeId = turns.at(open < 0 ? -1 : Math.max(0, open - 1))?.turnId;
    const id = name === "turn" && resumeId ? `id: ${resumeId}\n` : "";
    for (const stream of to) stream.write(`${id}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const put = (turn: ChatTurn) => {
    const index = turns.findIndex(({ turnId }) => turnId === turn.turnId);
    if (index < 0) turns.push(turn);
    else turns[index] = turn;
    tell(streams, "turn", turn);
  };
  const running = () => {
    const turn = turns.find(({ state }) => state === "waiting");
    if (!turn) throw new Error("No message waits for an answer.");
    return turn;
  };
  const finish = (reply: Partial<ChatReply>, turn = running()) => {
    const text = written.get(turn.turnId) ?? "";
    put({ ...turn, state: "answered", reply: { text, end: "complete", ...reply } });
  };
  const stop = (turn: ChatTurn) => {
    const target = turns.find(({ state, turnId }) => state === "waiting" && turnId !== turn.turnId);
    if (target) finish({ end: "stopped", footer: "*(stopped)*" }, target);
    finish({ text: target ? "Stopped." : "There is nothing to stop." }, turn);
  };

  return {
    opened,
    finish,
    keep({ id, text }: MessageRequest): "kept" | "known" {
      if (turns.some(({ messageId }) => messageId === id)) return "known";
      const turn: ChatTurn = { turnId: randomUUID(), messageId: id, text, keptAtMs: Date.now(), state: "waiting" };
      put(turn);
      if (text === "/stop") stop(turn);
      else if (text === "/reset") finish({ text: "Conversation reset! Starting fresh." }, turn);
      else if (answer) finish({ text: answer(text) }, turn);
      return "kept";
    },
    open(request: IncomingMessage, response: ServerResponse): void {
      const from = request.headers["last-event-id"]?.toString() ?? "";
      opened.push(from);
      response.writeHead(200, { ...headers, "content-type": "text/event-stream", "cache-control": "no-store" });
      response.write("retry: 1000\n\n:\n\n");
      const start = turns.findIndex(({ turnId }) => turnId === from);
      for (const turn of start < 0 ? turns.slice(-chatLimits.turnsRecent) : turns.slice(start)) {
        tell([response], "turn", turn);
        const text = turn.state === "waiting" && written.get(turn.turnId);
        if (text) tell([response], "draft", { turnId: turn.turnId, messageId: turn.messageId, at: 0, text });
      }
      tell([response], "status", { state: "live" });
      streams.add(response);
      response.on("close", () => streams.delete(response));
    },
    grow(text: string): void {
      const { turnId, messageId } = running();
      const before = written.get(turnId) ?? "";
      const at = text.startsWith(before) ? before.length : 0;
      written.set(turnId, text);
      tell(streams, "draft", { turnId, messageId, at, text: text.slice(at) });
    },
    fail: () => put({ ...running(), state: "failed" }),
    drop: () => streams.forEach((stream) => stream.destroy()),
    say: (status: ChatEvents["status"]) => tell(streams, "status", status),
    remember(text: string, reply: string): void {
      const ids = { turnId: randomUUID(), messageId: randomUUID() };
      turns.push({ ...ids, text, keptAtMs: Date.now(), state: "answered", reply: { text: reply, end: "complete" } });
    },
    before(query: URLSearchParams) {
      const end = turns.findIndex(({ turnId }) => turnId === query.get("before"));
      const start = Math.max(0, end - Number(query.get("limit") ?? chatLimits.turnsRecent));
      return { turns: turns.slice(start, end), more: start > 0 };
    },
  };
}

/** As strict as the real one's schema. */
function mistakeIn({ headers: given }: IncomingMessage, message: MessageRequest): string | undefined {
  const extra = Object.keys(message).filter((key) => !["id", "text", "name"].includes(key));
  if (given["content-type"] !== "application/json") return "content-type must be application/json";
  if (extra.length > 0) return `unknown: ${extra.join(", ")}`;
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(message.id)) return "id is not a UUID";
  if (!message.text.trim() || message.text.length > chatLimits.messageCharsMax) return "text is blank or too long";
  return undefined;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return JSON.parse(body);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { ...headers, "content-type": "application/json" }).end(JSON.stringify(body));
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

async function serveFile(pageDir: string, path: string, response: ServerResponse): Promise<boolean> {
  const name = normalize(path === "/" ? "/index.html" : path);
  const body = await readFile(join(pageDir, name)).catch(() => undefined);
  if (!body) return false;
  response.writeHead(200, { ...headers, "content-type": types[extname(name)] ?? "application/octet-stream" }).end(body);
  return true;
}
