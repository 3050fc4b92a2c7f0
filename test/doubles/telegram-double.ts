import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Refused, methodParams, type Method, type Params } from "./telegram-methods.ts";
import { TelegramRooms, type ChatSpec, type Said, type Shown } from "./telegram-rooms.ts";
import { TelegramWebhook, type Delivery } from "./telegram-webhook.ts";

export type TelegramDoubleOptions = {
  readonly token?: string;
  readonly username?: string;
  /** Telegram's limits per chat. On by default. */
  readonly floodLimits?: boolean;
  /** In groups only what is meant for the bot reaches it. On by default. */
  readonly privacyMode?: boolean;
};

/** What happens to one call instead of its answer. "apply-then-reset": it is carried out, and the answer is lost. */
export type Fault =
  | "reset"
  | "hang"
  | "apply-then-reset"
  | "html"
  | { readonly status: number; readonly description: string; readonly retryAfter?: number };

export type Call = {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly atMs: number;
};

export type TelegramDouble = {
  /** For TELEGRAM_API_ROOT. */
  readonly url: string;
  readonly token: string;
  readonly botId: number;
  readonly username: string;
  /** Every call since the start, the polls included. */
  readonly calls: readonly Call[];
  callsOf(method: string): readonly Call[];
  /** Methods and parameters that the double does not know: assert that there are none. */
  readonly unknownRequests: readonly string[];
  /** @returns the message's id */
  say(said: Said): number;
  /** Presses a button below a message of the bot. Returns the callback's id. */
  press(chat: number, messageId: number, data: string): string;
  /** Puts any update in the queue, as it is; its id is given by the double. */
  push(update: Readonly<Record<string, unknown>>): void;
  /** Updates that are not yet confirmed. */
  readonly pendingUpdates: number;
  /** The id of the next update: Telegram starts anew at random after a quiet week. */
  nextUpdateId: number;
  /** The room as a person sees it, oldest first. */
  transcript(chatId: number): readonly Shown[];
  addChat(chat: ChatSpec): void;
  /** Someone deletes a message. */
  remove(chatId: number, messageId: number): void;
  /** The group becomes a supergroup of this id. */
  migrate(chatId: number, newChatId: number): void;
  /** Chats that refuse the bot. */
  readonly blocked: Set<number>;
  failNext(method: Method, fault: Fault, times?: number): void;
  /** Each try to deliver an update to the webhook. */
  readonly deliveries: readonly Delivery[];
  readonly webhookUrl: string;
  readonly commands: readonly { command: string; description: string }[];
  close(): Promise<void>;
};

type Update = { readonly update_id: number } & Readonly<Record<string, unknown>>;
type Poll = { readonly answer: (updates: readonly Update[]) => void; readonly refuse: (error: Refused) => void };

/** A Bot API server, as strict as Telegram's, with its people. */
export async function startTelegramDouble(options: TelegramDoubleOptions = {}): Promise<TelegramDouble> {
  const double = new Double(options);
  await double.listen();
  return double;
}

class Double implements TelegramDouble {
  readonly token: string;
  readonly botId: number;
  readonly username: string;
  readonly calls: Call[] = [];
  readonly unknownRequests: string[] = [];
  nextUpdateId = 500_000;
  commands: readonly { command: string; description: string }[] = [];

  readonly #rooms: TelegramRooms;
  readonly #privacyMode: boolean;
  readonly #faults = new Map<string, Fault[]>();
  readonly #pending = new Map<number, Update>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  #allowed: readonly string[] | undefined;
  #webhook: TelegramWebhook | undefined;
  #poll: Poll | undefined;
  #callbacks = 0;

  constructor({ token = "424242:double-token-of-the-tests", username = "parley_bot", ...rest }: TelegramDoubleOptions) {
    this.token = token;
    this.username = username;
    this.botId = Number(token.split(":")[0]);
    this.#privacyMode = rest.privacyMode ?? true;
    const bot = { id: this.botId, is_bot: true, first_name: "Parley", username };
    this.#rooms = new TelegramRooms(bot, rest.floodLimits ?? true);
  }

  async listen(): Promise<void> {
    this.#server.keepAliveTimeout = 30_000;
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get blocked(): Set<number> {
    return this.#rooms.blocked;
  }

  get deliveries(): readonly Delivery[] {
    return this.#webhook?.deliveries ?? [];
  }

  get webhookUrl(): string {
    return this.#webhook?.target.url ?? "";
  }

  get pendingUpdates(): number {
    return this.#pending.size;
  }

  callsOf(method: string): readonly Call[] {
    return this.calls.filter((call) => call.method === method);
  }

  say(said: Said): number {
    const { message, reachesBot } = this.#rooms.say(said);
    if (reachesBot || !this.#privacyMode) this.push({ message });
    return message.message_id;
  }

  press(chat: number, messageId: number, data: string): string {
    this.#callbacks += 1;
    const id = `${this.#callbacks}000`;
    this.push({ callback_query: { ...this.#rooms.press(chat, messageId), id, data } });
    return id;
  }

  push(update: Readonly<Record<string, unknown>>): void {
    const [kind = ""] = Object.keys(update);
    if (this.#allowed && !this.#allowed.includes(kind)) return;
    const numbered = { update_id: this.nextUpdateId++, ...update };
    this.#pending.set(numbered.update_id, numbered);
    this.#webhook?.push(chatOf(update), numbered);
    if (!this.#poll) return;
    this.#poll.answer([numbered]);
    this.#poll = undefined;
  }

  transcript(chatId: number): readonly Shown[] {
    return this.#rooms.transcript(chatId);
  }

  addChat(chat: ChatSpec): void {
    this.#rooms.add(chat);
  }

  remove(chatId: number, messageId: number): void {
    this.#rooms.remove(chatId, messageId);
  }

  migrate(chatId: number, newChatId: number): void {
    this.#rooms.migrate(chatId, newChatId);
  }

  failNext(method: Method, fault: Fault, times = 1): void {
    this.#faults.set(method, [...(this.#faults.get(method) ?? []), ...Array.from({ length: times }, () => fault)]);
  }

  async close(): Promise<void> {
    this.#webhook?.close();
    this.#poll?.answer([]);
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, token, method = ""] = /^\/bot([^/]+)\/(\w+)$/.exec(request.url ?? "") ?? [];
    const body = await readBody(request);
    if (token === undefined) return refuse(response, new Refused(404, "Not Found"));
    if (token !== this.token) return refuse(response, new Refused(401, "Unauthorized"));
    this.calls.push({ method, params: body, atMs: Date.now() });

    const fault = this.#faults.get(method)?.shift();
    if (fault === "hang") return;
    if (fault === "reset") return void request.socket.destroy();
    if (fault === "html")
      return void response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad Gateway</h1>");
    if (typeof fault === "object") return refuse(response, faultError(fault));
    try {
      const result = await this.#answer(method, body, response);
      if (fault === "apply-then-reset") return void request.socket.destroy();
      send(response, 200, { ok: true, result });
    } catch (error) {
      refuse(response, error instanceof Refused ? error : new Refused(500, `Internal Server Error: ${String(error)}`));
    }
  }

  #answer(method: string, body: Record<string, unknown>, response: ServerResponse): unknown {
    if (!isMethod(method)) {
      this.unknownRequests.push(method);
      throw new Refused(404, "Not Found: method not found");
    }
    if (method === "getUpdates") return this.#getUpdates(this.#params(method, body), response);
    if (method === "setWebhook") return this.#setWebhook(this.#params(method, body));
    if (method === "deleteWebhook") return this.#setWebhook({ ...this.#params(method, body), url: "" });
    if (method === "getWebhookInfo")
      return { url: this.webhookUrl, has_custom_certificate: false, pending_update_count: this.#pending.size };
    if (method === "getMe") return this.#rooms.me;
    if (method === "getMyCommands") return this.commands;
    if (method === "setMyCommands") {
      this.commands = this.#params(method, body).commands;
      return true;
    }
    if (method === "sendMessage") return this.#rooms.send(this.#params(method, body));
    if (method === "editMessageText") return this.#rooms.edit(this.#params(method, body));
    if (method === "deleteMessage") return this.#rooms.delete(this.#params(method, body));
    if (method === "sendChatAction") return this.#rooms.act(this.#params(method, body));
    this.#params(method, body);
    return true; // answerCallbackQuery
  }

  #params<M extends Method>(method: M, body: Record<string, unknown>): Params<M> {
    const schema = methodParams[method];
    const known = Object.entries(body).filter(([name]) => name in schema.shape);
    for (const name of Object.keys(body)) if (!(name in schema.shape)) this.unknownRequests.push(`${method}.${name}`);
    const parsed = schema.safeParse(Object.fromEntries(known));
    if (parsed.success) return parsed.data as Params<M>;
    const [issue] = parsed.error.issues;
    if (issue?.code === "unrecognized_keys")
      this.unknownRequests.push(`${method}.${issue.path.join(".")}: ${issue.message}`);
    throw new Refused(400, `Bad Request: wrong parameter ${issue?.path.join(".")}: ${issue?.message}`);
  }

  /** A higher offset confirms. A second poll ends the first one with 409, as at Telegram: no lock, a nuisance. */
  #getUpdates(params: Params<"getUpdates">, response: ServerResponse): Promise<readonly Update[]> | readonly Update[] {
    if (this.#webhook)
      throw new Refused(
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
      );
    this.#poll?.refuse(
      new Refused(
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
      ),
    );
    this.#poll = undefined;
    this.#allowed = params.allowed_updates ?? this.#allowed;
    for (const id of this.#pending.keys()) if (id < (params.offset ?? 0)) this.#pending.delete(id);
    const waiting = [...this.#pending.values()].slice(0, params.limit ?? 100);
    if (waiting.length > 0 || !params.timeout) return waiting;
    return this.#waitForUpdate(params.timeout * 1000, response);
  }

  #waitForUpdate(timeoutMs: number, response: ServerResponse): Promise<readonly Update[]> {
    return new Promise((answer, refuse) => {
      const poll: Poll = { answer, refuse };
      this.#poll = poll;
      const end = () => {
        if (this.#poll === poll) this.#poll = undefined;
        answer([]);
      };
      const timer = setTimeout(end, timeoutMs);
      response.on("close", () => {
        clearTimeout(timer);
        end();
      });
    });
  }

  #setWebhook({ url, secret_token, ...params }: Params<"setWebhook">): true {
    if (params.drop_pending_updates) this.#pending.clear();
    this.#allowed = params.allowed_updates ?? this.#allowed;
    const target = this.#webhook?.target;
    if (target?.url === url && target.secret === secret_token) return true;
    this.#webhook?.close();
    this.#webhook = undefined;
    if (url === "") return true;
    const to = { url, secret: secret_token, connectionsMax: params.max_connections ?? 40 };
    this.#webhook = new TelegramWebhook(to, ({ update_id }) => this.#pending.delete(update_id));
    for (const update of this.#pending.values()) this.#webhook.push(chatOf(update), update);
    return true;
  }
}

function isMethod(method: string): method is Method {
  return Object.hasOwn(methodParams, method);
}

/** Deliveries are in order within a chat. */
function chatOf(update: Readonly<Record<string, unknown>>): string {
  const { message, callback_query: callback } = update as {
    message?: { chat?: { id?: number } };
    callback_query?: { message?: { chat?: { id?: number } } };
  };
  return String(message?.chat?.id ?? callback?.message?.chat?.id);
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
  } catch {
    return {};
  }
}

function faultError({ status, description, retryAfter }: Exclude<Fault, string>): Refused {
  return new Refused(status, description, retryAfter === undefined ? undefined : { retry_after: retryAfter });
}

function refuse(response: ServerResponse, { status, message, parameters }: Refused): void {
  send(response, status, { ok: false, error_code: status, description: message, ...(parameters && { parameters }) });
}

function send(response: ServerResponse, status: number, answer: unknown): void {
  if (response.destroyed) return;
  const body = JSON.stringify(answer);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}
