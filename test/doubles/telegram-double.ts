import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { findFreePort } from "../setup/find-free-port.ts";
import { type Entry, TelegramAudit } from "./telegram-audit.ts";
import { type Chaos, TelegramChaos } from "./telegram-chaos.ts";
import type { Draft } from "./telegram-drafts.ts";
import { TelegramFiles } from "./telegram-files.ts";
import { TelegramFlood } from "./telegram-flood.ts";
import { TelegramInline } from "./telegram-inline.ts";
import { Refused, methodParams, type Method, type Params } from "./telegram-methods.ts";
import { TelegramRooms, type ChatSpec, type PersonSpec, type Said, type Shown, type Upload } from "./telegram-rooms.ts";
import { TelegramWebhook, type Delivery } from "./telegram-webhook.ts";

export type TelegramDoubleOptions = {
  readonly token?: string;
  readonly username?: string;
  /** Telegram's limits per chat. On by default. */
  readonly floodLimits?: boolean;
  /** Messages and edits a second over all chats. Without limit if absent; Telegram's is about 30. */
  readonly botPerSecond?: number;
  /** In groups only what is meant for the bot reaches it. On by default. */
  readonly privacyMode?: boolean;
  /** Who is at the other end of a connection, by its port there. */
  readonly callerOf?: (port: number) => string | undefined;
  /** How long a press can be answered. */
  readonly callbackMs?: number;
  /** False: a Bot API server of before 2026, which does not know `sendMessageDraft`. */
  readonly knowsDrafts?: boolean;
  /** How fast what the bot says comes in. As fast as it can if absent. */
  readonly bytesPerSecond?: number;
  /** Whether @BotFather has the bot's guest mode on. */
  readonly allowsGuests?: boolean;
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
  /** When its first bytes came. */
  readonly atMs: number;
  /** As `callerOf` tells. */
  readonly by?: string | undefined;
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
  /** Someone changes what they wrote. */
  edit(chatId: number, messageId: number, text: string): void;
  /** Somebody reacts to a message: bots may be told of it as of an edit, which it is not. */
  react(chatId: number, messageId: number): void;
  /** What people sent, for `say({ extra: { photo: [{ file_id, … }] } })`. */
  readonly files: TelegramFiles;
  /** Someone presses a button below a message of the bot: the chat's person, unless given. Returns the callback's id. */
  press(chat: number, messageId: number, label: string, from?: number | PersonSpec): string;
  /** What the bot said to those who pressed; while there is nothing, the button shows that it works. By callback id. */
  readonly presses: ReadonlyMap<string, { readonly answer?: { readonly text: string; readonly isAlert: boolean } }>;
  /** What stands in chats that the bot is no member of. */
  readonly inline: TelegramInline;
  /** Someone types "@bot …" in such a chat. Returns the query's id. */
  ask(from: PersonSpec, query: string): string;
  /** And sends what was offered. */
  choose(from: PersonSpec, queryId: string): void;
  /** Someone mentions the bot in such a chat, which calls it as a guest. */
  summon(said: Said): void;
  /** What a private chat shows of a message that is being written. */
  draft(chat: number, threadId?: number): Draft | undefined;
  /** The person stops it. */
  stop(chat: number, threadId?: number): void;
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
  /** The group becomes a supergroup of this id, and both say so. */
  migrate(chatId: number, newChatId: number): void;
  /** Chats that refuse the bot. */
  readonly blocked: Set<number>;
  failNext(method: Method, fault: Fault, times?: number): void;
  /** From now on things go wrong at random, repeatably; undefined ends it. */
  chaos(chaos: Chaos | undefined): void;
  /** Nobody can be reached, nothing is delivered, until `back`. "refused": nobody listens; "502": a proxy in front says so. */
  away(how?: "refused" | "502"): Promise<void>;
  back(): Promise<void>;
  /** Delivers the newest updates that were confirmed once more. */
  redeliver(countMax?: number): void;
  /** What the bot did to the chat's messages, in order; to all chats' if none is named. */
  ledger(chatId?: number): readonly Entry[];
  /** What the bot must not do: calls to a chat during its retry_after, and two writes to a chat at once. */
  readonly violations: readonly string[];
  /** Texts of the bot that stand more than once in a chat, in words. */
  readonly duplicates: readonly string[];
  /** Each try to deliver an update to the webhook. */
  readonly deliveries: readonly Delivery[];
  readonly webhookUrl: string;
  /** The command menu in a kind of chats, for people of a language; empty: for all others. */
  commands(scope?: CommandScope, language?: string): readonly BotCommand[];
  close(): Promise<void>;
};

type BotCommand = { readonly command: string; readonly description: string };
type CommandScope = "default" | "all_private_chats" | "all_group_chats" | "all_chat_administrators";
type Update = { readonly update_id: number } & Readonly<Record<string, unknown>>;
type Asked = { readonly body: Record<string, unknown>; readonly uploads: ReadonlyMap<string, Upload> };
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
  readonly presses = new Map<string, { answer?: { text: string; isAlert: boolean }; readonly atMs: number }>();

  readonly files = new TelegramFiles();
  readonly inline = new TelegramInline();
  readonly #audit = new TelegramAudit();
  readonly #rooms: TelegramRooms;
  readonly #privacyMode: boolean;
  readonly #callerOf: TelegramDoubleOptions["callerOf"];
  readonly #callbackMs: number;
  readonly #knowsDrafts: boolean;
  readonly #allowsGuests: boolean;
  readonly #bytesPerSecond: number | undefined;
  readonly #faults = new Map<string, Fault[]>();
  readonly #pending = new Map<number, Update>();
  readonly #confirmed: Update[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  #allowed: readonly string[] | undefined;
  #webhook: TelegramWebhook | undefined;
  #poll: Poll | undefined;
  #port = 0;
  readonly #commands = new Map<string, readonly BotCommand[]>();
  readonly #queries = new Map<string, string>();
  #callbacks = 0;
  #chaos: TelegramChaos | undefined;
  #away: "refused" | "502" | undefined;

  constructor({ token = "424242:double-token-of-the-tests", username = "parley_bot", ...rest }: TelegramDoubleOptions) {
    this.token = token;
    this.username = username;
    this.botId = Number(token.split(":")[0]);
    this.#privacyMode = rest.privacyMode ?? true;
    this.#callerOf = rest.callerOf;
    this.#callbackMs = rest.callbackMs ?? 15_000;
    this.#knowsDrafts = rest.knowsDrafts ?? true;
    this.#allowsGuests = rest.allowsGuests ?? true;
    this.#bytesPerSecond = rest.bytesPerSecond;
    const bot = { id: this.botId, is_bot: true, first_name: "Parley", username };
    const hasLimits = rest.floodLimits ?? true;
    this.#rooms = new TelegramRooms(bot, this.#audit, hasLimits ? new TelegramFlood(rest.botPerSecond) : undefined);
  }

  async listen(): Promise<void> {
    this.#server.keepAliveTimeout = 30_000;
    this.#port ||= await findFreePort(); // to which it comes back
    await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
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

  edit(chatId: number, messageId: number, text: string): void {
    const { message, reachesBot } = this.#rooms.change(chatId, messageId, text);
    if (reachesBot || !this.#privacyMode) this.push({ edited_message: message });
  }

  react(chatId: number, messageId: number): void {
    const { message, reachesBot } = this.#rooms.told(chatId, messageId);
    if (reachesBot || !this.#privacyMode) this.push({ edited_message: message });
  }

  press(chat: number, messageId: number, label: string, from: number | PersonSpec = Math.max(chat, 1)): string {
    this.#callbacks += 1;
    const id = `${this.#callbacks}000`;
    this.presses.set(id, { atMs: Date.now() });
    this.push({ callback_query: { ...this.#rooms.press(chat, messageId, label, from), id } });
    return id;
  }

  ask(from: PersonSpec, query: string): string {
    const id = this.inline.ask();
    this.#queries.set(id, query);
    this.push({ inline_query: { id, from: personOf(from), query, offset: "", chat_type: "group" } });
    return id;
  }

  choose(from: PersonSpec, queryId: string): void {
    const query = this.#queries.get(queryId) ?? "";
    this.push({ chosen_inline_result: { ...this.inline.choose(queryId), from: personOf(from), query } });
  }

  summon(said: Said): void {
    const { message } = this.#rooms.say(said);
    this.push({ guest_message: { ...message, guest_query_id: this.inline.summon() } });
  }

  draft(chat: number, threadId?: number): Draft | undefined {
    return this.#rooms.drafts.in(chat, threadId);
  }

  stop(chat: number, threadId?: number): void {
    this.push({ stopped_message_generation: this.#rooms.stop(chat, threadId) });
  }

  commands(scope: CommandScope = "default", language = ""): readonly BotCommand[] {
    return this.#commands.get(`${scope}/${language}`) ?? [];
  }

  push(update: Readonly<Record<string, unknown>>): void {
    const [kind = ""] = Object.keys(update);
    if (this.#allowed && !this.#allowed.includes(kind)) return;
    this.#enqueue({ update_id: this.nextUpdateId++, ...update });
  }

  /** A poll that waits is answered with all that comes at the same moment, such as an album. */
  #enqueue(update: Update): void {
    this.#pending.set(update.update_id, update);
    this.#webhook?.push(chatOf(update), update);
    const poll = this.#poll;
    this.#poll = undefined;
    if (poll) setImmediate(() => poll.answer(first(this.#pending.values(), updatesMax)));
  }

  #confirm(updateId: number): void {
    const update = this.#pending.get(updateId);
    if (!update) return;
    this.#pending.delete(updateId);
    this.#confirmed.push(update);
    if (this.#confirmed.length > 1_000) this.#confirmed.shift();
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
    for (const message of this.#rooms.migrate(chatId, newChatId)) this.push({ message });
  }

  ledger(chatId?: number): readonly Entry[] {
    return this.#audit.entries.filter(({ chat }) => chatId === undefined || chat === chatId);
  }

  get violations(): readonly string[] {
    return this.#audit.violations;
  }

  get duplicates(): readonly string[] {
    return this.#rooms.ids.flatMap((chat) => {
      const ours = this.transcript(chat).filter(({ fromBot }) => fromBot);
      const byText = Map.groupBy(ours, ({ text }) => text);
      return [...byText].flatMap(([text, messages]) =>
        messages.length === 1
          ? []
          : `${chat}: “${text.slice(0, 60)}” stands in ${messages.map(({ id }) => id).join(", ")}`,
      );
    });
  }

  chaos(chaos: Chaos | undefined): void {
    this.#chaos = chaos && new TelegramChaos(chaos);
  }

  async away(how: "refused" | "502" = "refused"): Promise<void> {
    this.#away = how;
    if (how === "refused") await this.#stopListening();
  }

  async back(): Promise<void> {
    const wasAway = this.#away;
    this.#away = undefined;
    if (wasAway === "refused") await this.listen();
  }

  redeliver(countMax = 100): void {
    for (const update of this.#confirmed.slice(-countMax)) this.#enqueue(update);
  }

  failNext(method: Method, fault: Fault, times = 1): void {
    this.#faults.set(method, [...(this.#faults.get(method) ?? []), ...Array.from({ length: times }, () => fault)]);
  }

  async close(): Promise<void> {
    this.#webhook?.close();
    this.#poll?.answer([]);
    if (this.#away !== "refused") await this.#stopListening();
  }

  async #stopListening(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const atMs = Date.now();
    const by = this.#callerOf?.(request.socket.remotePort ?? 0);
    const [, fileToken, path = ""] = /^\/file\/bot([^/]+)\/(.+)$/.exec(request.url ?? "") ?? [];
    if (fileToken !== undefined) return this.#serveFile(fileToken, path, response);
    const [, token, method = ""] = /^\/bot([^/]+)\/(\w+)$/.exec(request.url ?? "") ?? [];
    const asked = await readBody(request, this.#bytesPerSecond).catch(() => undefined);
    if (!asked) return; // whoever asked has gone in the middle of it
    const { body, uploads } = asked;
    if (token === undefined) return refuse(response, new Refused(404, "Not Found"));
    if (token !== this.token) return refuse(response, new Refused(401, "Unauthorized"));
    this.calls.push({ method, params: body, atMs, by });

    const chat = typeof body["chat_id"] === "number" ? body["chat_id"] : undefined;
    if (chat !== undefined && writes.has(method)) this.#audit.flights.begin(String(chat), method, response);
    const fault = this.#away === "502" ? "html" : this.#faultOf(method, chat);
    if (fault === "hang") return;
    if (fault === "reset") return void request.socket.destroy();
    if (fault === "html")
      return void response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad Gateway</h1>");
    try {
      const bannedSeconds = chat === undefined ? undefined : this.#audit.call(method, chat);
      if (bannedSeconds !== undefined) throw tooMany(bannedSeconds);
      if (typeof fault === "object") throw faultError(fault);
      const result = await this.#answer(method, { body, uploads }, response);
      if (fault === "apply-then-reset") return void request.socket.destroy();
      send(response, 200, { ok: true, result });
    } catch (error) {
      const retryAfter = error instanceof Refused ? error.parameters?.["retry_after"] : undefined;
      if (chat !== undefined && retryAfter !== undefined) this.#audit.ban(chat, retryAfter);
      refuse(response, error instanceof Refused ? error : new Refused(500, `Internal Server Error: ${String(error)}`));
    }
  }

  #serveFile(token: string, path: string, response: ServerResponse): void {
    const bytes = token === this.token ? this.files.read(path) : undefined;
    if (!bytes) return refuse(response, new Refused(404, "Not Found"));
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": bytes.length }).end(bytes);
  }

  #faultOf(method: string, chat: number | undefined): Fault | undefined {
    const planned = this.#faults.get(method)?.shift();
    return planned ?? (chat === undefined ? undefined : this.#chaos?.faultOf(method, chat));
  }

  #answer(method: string, { body, uploads }: Asked, response: ServerResponse): unknown {
    if (method === "sendMessageDraft" && !this.#knowsDrafts) throw new Refused(404, "Not Found: method not found");
    if (!isMethod(method)) {
      this.unknownRequests.push(method);
      throw new Refused(404, "Not Found: method not found");
    }
    if (method === "getUpdates") return this.#getUpdates(this.#params(method, body), response);
    if (method === "setWebhook") return this.#setWebhook(this.#params(method, body));
    if (method === "deleteWebhook") return this.#setWebhook({ ...this.#params(method, body), url: "" });
    if (method === "getWebhookInfo")
      return { url: this.webhookUrl, has_custom_certificate: false, pending_update_count: this.#pending.size };
    if (method === "getMe")
      return { ...this.#rooms.me, supports_inline_queries: true, supports_guest_queries: this.#allowsGuests };
    if (method === "getMyCommands") {
      const { scope, language_code: language } = this.#params(method, body);
      return this.commands(scope?.type, language);
    }
    if (method === "setMyCommands") {
      const { commands, scope, language_code: language = "" } = this.#params(method, body);
      this.#commands.set(`${scope?.type ?? "default"}/${language}`, commands);
      return true;
    }
    if (method === "getFile") return this.files.describe(this.#params(method, body).file_id);
    if (method === "sendMessage") return this.#rooms.send(this.#params(method, body));
    if (method === "editMessageText") {
      const params = this.#params(method, body);
      const { inline_message_id: inlineId } = params;
      return inlineId === undefined ? this.#rooms.edit(params) : this.inline.edit(inlineId, params);
    }
    if (method === "answerInlineQuery") return this.inline.offer(this.#params(method, body));
    if (method === "answerGuestQuery") return this.inline.answerGuest(this.#params(method, body));
    if (method === "editMessageMedia") return this.#rooms.editMedia(this.#params(method, body), uploads);
    if (method === "editMessageReplyMarkup") return this.#rooms.editButtons(this.#params(method, body));
    if (method === "sendMessageDraft") return this.#rooms.draft(this.#params(method, body));
    if (method === "setMessageReaction") return this.#rooms.react(this.#params(method, body));
    if (method === "getChatMember") return this.#rooms.member(this.#params(method, body));
    if (method === "deleteMessage") return this.#rooms.delete(this.#params(method, body));
    if (method === "sendChatAction") return this.#rooms.act(this.#params(method, body));
    return this.#answerPress(this.#params(method, body));
  }

  #answerPress({ callback_query_id: id, text = "", show_alert: isAlert = false }: Params<"answerCallbackQuery">): true {
    const press = this.presses.get(id);
    if (!press || Date.now() - press.atMs > this.#callbackMs)
      throw new Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid");
    press.answer = { text, isAlert };
    return true;
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
    for (const id of this.#pending.keys()) {
      if (id >= (params.offset ?? 0)) break; // they are in order, and there may be a hundred thousand
      this.#confirm(id);
    }
    const waiting = first(this.#pending.values(), params.limit ?? updatesMax);
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
    this.#poll?.refuse(new Refused(409, "Conflict: terminated by setWebhook request"));
    this.#poll = undefined;
    const to = { url, secret: secret_token, connectionsMax: params.max_connections ?? 40 };
    const fate = (updateId: number) => (this.#away ? "away" : this.#chaos?.deliveryOf(updateId));
    this.#webhook = new TelegramWebhook(to, fate, ({ update_id }) => this.#confirm(update_id));
    for (const update of this.#pending.values()) this.#webhook.push(chatOf(update), update);
    return true;
  }
}

/** In one answer. */
const updatesMax = 100;

/** What changes a chat's messages. */
const writes = new Set([
  "sendMessage",
  "sendMessageDraft",
  "editMessageText",
  "editMessageMedia",
  "editMessageReplyMarkup",
  "deleteMessage",
]);

function personOf(person: PersonSpec) {
  return { is_bot: false, first_name: `Person ${person.id}`, language_code: "en", ...person };
}

function isMethod(method: string): method is Method {
  return Object.hasOwn(methodParams, method);
}

function first<T>(values: Iterable<T>, countMax: number): readonly T[] {
  const taken: T[] = [];
  for (const value of values) {
    if (taken.length === countMax) break;
    taken.push(value);
  }
  return taken;
}

/** Deliveries are in order within a chat. */
function chatOf(update: Readonly<Record<string, unknown>>): string {
  const {
    callback_query: callback,
    update_id,
    ...kinds
  } = update as {
    update_id?: number;
    callback_query?: { message?: { chat?: { id?: number } } };
  };
  const [kind] = Object.values(kinds) as { chat?: { id?: number } }[];
  return String(callback?.message?.chat?.id ?? kind?.chat?.id ?? update_id);
}

async function readBody(request: IncomingMessage, bytesPerSecond: number | undefined): Promise<Asked> {
  const body = await buffer(request);
  if (bytesPerSecond) await new Promise((resolve) => setTimeout(resolve, (body.length / bytesPerSecond) * 1000));
  const type = request.headers["content-type"] ?? "";
  if (type.startsWith("multipart/form-data"))
    return readForm(await new Response(body, { headers: { "content-type": type } }).formData());
  try {
    return { body: JSON.parse(String(body) || "{}") as Record<string, unknown>, uploads: new Map() };
  } catch {
    return { body: {}, uploads: new Map() };
  }
}

/** In a form all but texts are JSON. */
async function readForm(form: FormData): Promise<Asked> {
  const body: Record<string, unknown> = {};
  const uploads = new Map<string, Upload>();
  for (const [name, value] of form) {
    if (typeof value !== "string") uploads.set(name, { name: value.name, text: await value.text() });
    else body[name] = /^[[{\d-]/.test(value) ? JSON.parse(value) : value;
  }
  return { body, uploads };
}

function tooMany(seconds: number): Refused {
  return new Refused(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });
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
