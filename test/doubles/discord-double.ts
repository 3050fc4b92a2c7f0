import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buttonsOf } from "./discord-components.ts";
import { discordGateway, type GatewayOptions } from "./discord-gateway.ts";
import {
  type Call,
  type Chaos,
  discordHttp,
  type Fault,
  type HttpOptions,
  type Match,
  type ShutCode,
} from "./discord-http.ts";
import type { Use } from "./discord-commands.ts";
import { contextOf, type Doing } from "./discord-interactions.ts";
import type { Attachment } from "./discord-uploads.ts";
import type { Overwrite, Permission } from "./discord-permissions.ts";
import { type DiscordMessage, type DiscordRoom, discordWorld, type DiscordWorld } from "./discord-world.ts";

export type DoubleOptions = Partial<
  Omit<GatewayOptions, "url" | "complain"> &
    Omit<HttpOptions, "gatewayUrl" | "filesUrl" | "sessionStart"> & {
      /** By how much Discord's clock is ahead of ours, which its ids show. */
      readonly clockAheadMs: number;
    }
>;

/** One message as a person sees it. */
export type Shown = {
  readonly id: string;
  readonly author: string;
  /** Empty while a slash command's answer says "thinking…". */
  readonly content: string;
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** The message it answers. */
  readonly reference?: string;
  /** The labels of its buttons. */
  readonly buttons?: readonly string[];
};

type Saying = {
  readonly channel: string;
  /** A name; the person is made when first heard of. */
  readonly author: string;
  readonly content: string;
  /** The message it replies to. */
  readonly reference?: string;
  /** Whether a reply pings; true unless told otherwise. */
  readonly ping?: boolean;
  /** Written by another bot. */
  readonly bot?: true;
  /** Whatever else the message holds, as Discord sends it. */
  readonly more?: Readonly<Record<string, unknown>>;
};

export type DiscordDouble = {
  readonly apiBase: string;
  readonly token: string;
  readonly botId: string;
  /** The role that Discord made for the bot. */
  readonly botRoleId: string;
  /** Every HTTP request, in order. */
  readonly calls: readonly Call[];
  /** What Discord would not have understood, or what breaks a promise of ours. Must stay empty. */
  readonly unknownRequests: readonly string[];
  /** Calls to what had been told to wait, during that time; two writes to a channel at once. */
  readonly violations: readonly string[];
  /** What somebody who was connected let pass without an answer until people saw that it failed; no wonder where one was killed. */
  readonly unanswered: readonly string[];
  /** The registered slash commands, as Discord shows them. */
  commands(): readonly Readonly<Record<string, unknown>>[];
  /** The direct channel with a person. */
  dm(name: string): string;
  /** A new channel of the server, or a thread. */
  serverChannel(kind?: keyof typeof channelTypes): string;
  /**
   * Where the bot's commands can be used and it is no member: other people's group, unless told otherwise, or a server, in which people
   * may or may not show others what it answers.
   */
  outsideChannel(kind?: "group" | "server" | "hiding-server"): string;
  userId(name: string): string;
  /** @returns the message's id */
  say(saying: Saying): string;
  /** Uses a slash command. @returns the interaction's id */
  interact(use: {
    channel: string;
    author: string;
    command: string;
    options?: Readonly<Record<string, string | boolean>>;
    locale?: string;
  }): string;
  /** Rooms that refuse the bot, and by which code. */
  readonly shut: Map<string, ShutCode>;
  /** Types into the field of a slash command that completes it. @returns the interaction's id */
  type(typing: { channel: string; author: string; command: string; field: string; typed: string }): string;
  /** What was offered for it. */
  offered(interactionId: string): readonly string[] | undefined;
  /** Presses the button with this label under a message. @returns the interaction's id */
  press(pressing: { messageId: string; author: string; label: string; locale?: string }): string;
  /** Chooses what the menu of a message offers. @returns the interaction's id */
  choose(choosing: { messageId: string; author: string; name: string }): string;
  /** Fills in the form that is open in front of a person, and sends it off. @returns the interaction's id */
  submit(author: string, text: string): string;
  /** Where the interaction with this token was made. */
  channelOf(token: string): string | undefined;
  /** Does whatever an interaction can be. @returns its id */
  interactRaw(doing: Pick<Doing, "type" | "data"> & { channel: string; author: string }): string;
  /** Lets a person moderate the server: ManageMessages and ManageGuild. */
  promote(name: string): void;
  /** A moderator deletes a message. */
  remove(messageId: string): void;
  /** A moderator deletes several at once. */
  removeTogether(messageIds: readonly string[]): void;
  /** Its author changes what they wrote. */
  edit(messageId: string, content: string): void;
  /** Discord finds what a link in the message leads to, and shows it below. */
  unfurl(messageId: string): void;
  /** Uploads a file, for `more.attachments` of what is said. */
  upload(file: {
    filename: string;
    contentType?: string;
    bytes: Uint8Array;
    isVoice?: true;
  }): Readonly<Record<string, unknown>>;
  /** All links to files that were given out until now have run out. */
  expireLinks(): void;
  /** The emoji with which the bot has reacted. */
  reactions(messageId: string): readonly string[];
  readonly guildId: string;
  /** What the bot may not do in a channel from now on. */
  deny(channelId: string, ...denied: readonly Permission[]): void;
  /** As `deny`, with all that overwrites can say. */
  overwrite(channelId: string, overwrites: readonly Overwrite[]): void;
  /** Puts a channel into a new category. @returns the category's id */
  categorise(channelId: string): string;
  /** Gives a person these roles on the server. */
  setRoles(name: string, roleIds: readonly string[]): void;
  /** A thread is put to sleep. */
  archive(threadId: string, more?: { locked: boolean }): void;
  /** A channel or thread as Discord tells it; undefined when there is none. */
  channel(id: string): Readonly<Record<string, unknown>> | undefined;
  /** What everybody sees in a channel, or what one person sees there. */
  transcript(channelId: string, viewer?: string): readonly Shown[];
  message(id: string): DiscordMessage | undefined;
  /** The next `times` requests that match go wrong. */
  failNext(match: Match, fault: Fault, times?: number): void;
  /** Dispatches an event as it is, malformed or not. */
  dispatch(t: string, d: unknown): void;
  /** Sends a text to every gateway connection. */
  sendRaw(text: string): void;
  /** Closes every gateway connection with a code; without one the network breaks. */
  dropConnections(code?: number): void;
  /** Whether the gateway takes connections, and whether it answers heartbeats. */
  readonly gateway: {
    reachable: boolean;
    acknowledging: boolean;
    readonly refusals: number;
    readonly identifies: number;
    readonly resumes: number;
    /** RESUMEs that were refused. */
    readonly invalidSessions: number;
    /** How long nobody was connected for a shard, each time between two connections. */
    readonly gapsMs: readonly number[];
    /** How many shards a bot must have at least; GET /gateway/bot tells it. */
    shards: number;
  };
  /** What GET /gateway/bot tells beyond the truth: as if somebody else used the token too. */
  readonly sessionStart: { usedElsewhere: number; resetAfterMs: number };
  /** Ends all sessions: nothing can be resumed. */
  forgetSessions(): void;
  /** As after some minutes: a nonce names no message any more. */
  forgetNonces(): void;
  /** How many gateway connections have identified or resumed. */
  connected(): number;
  /** Which, as "0/2". */
  connectedShards(): readonly string[];
  /** From now on this share of the calls to channels and webhooks breaks off; repeatable by its seed. `{}` ends it. */
  chaos(given: Chaos): void;
  /** Nothing answers, and all connections break; people go on writing. */
  away(): void;
  back(): void;
  close(): Promise<void>;
};

/** A small Discord on 127.0.0.1, API v10 and gateway, as strict as the real one. */
export async function startDiscordDouble(given: DoubleOptions = {}): Promise<DiscordDouble> {
  const options = { ...defaults, ...given };
  const server = createServer((request, response) => {
    http.handle(request, response).catch(() => response.destroy());
  });
  const world: DiscordWorld = discordWorld((event) => gateway.dispatch(http.files.link(event)), options.clockAheadMs);
  const url = () => `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const gateway = discordGateway(server, () => world, {
    ...options,
    url,
    complain: (complaint) => http.complaints.push(complaint),
  });
  const http = discordHttp(() => world, {
    ...options,
    gatewayUrl: url,
    filesUrl: () => url().replace("ws:", "http:"),
    sessionStart: () => ({
      shards: gateway.state.shards,
      total: options.identifiesMax,
      remaining: Math.max(0, options.identifiesMax - gateway.state.identifies - sessionStart.usedElsewhere),
      resetAfterMs: sessionStart.resetAfterMs,
      maxConcurrency: options.maxConcurrency,
    }),
  });
  const sessionStart = { usedElsewhere: 0, resetAfterMs: 86_400_000 };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    apiBase: `${url().replace("ws:", "http:")}/api`,
    token: options.token,
    botId: world.bot.id,
    botRoleId: world.botRole.id,
    calls: http.calls,
    unknownRequests: http.complaints,
    violations: http.violations,
    unanswered: http.unanswered,
    sessionStart,
    gateway: gateway.state,
    commands: http.commands,
    failNext: http.failNext,
    shut: http.shut,
    sendRaw: gateway.sendRaw,
    dropConnections: gateway.drop,
    forgetSessions: gateway.forget,
    connected: gateway.connected,
    connectedShards: gateway.connectedShards,
    chaos: http.chaos,
    forgetNonces: http.forgetNonces,
    away() {
      http.state.away = true;
      gateway.state.reachable = false;
      gateway.drop();
      server.closeAllConnections();
    },
    back() {
      http.state.away = false;
      gateway.state.reachable = true;
    },
    dm: (name) => world.dm(name).id,
    outsideChannel(kind = "group") {
      const { id } = world.outsideChannel(kind);
      http.shut.set(id, 50_001);
      return id;
    },
    serverChannel: (kind = "text") => world.serverChannel(channelTypes[kind]).id,
    userId: (name) => world.user(name).id,
    say({ channel, author, bot, ...rest }) {
      const user = world.user(author);
      return world.send({ ...rest, room: room(channel), author: bot ? { ...user, bot } : user }).id;
    },
    interact({ channel, author, command, options = {}, locale }) {
      const values = Object.entries(options).map(([name, value]) => ({
        name,
        type: typeof value === "string" ? 3 : 5,
        value,
      }));
      const data = { id: world.snowflake(), type: 1, name: command, options: values };
      return tell({ type: 2, room: room(channel), author: world.user(author), data, ...(locale && { locale }) });
    },
    type({ channel, author, command, field, typed }) {
      const options = [{ name: field, type: 3, value: typed, focused: true }];
      const data = { id: world.snowflake(), type: 1, name: command, options };
      return tell({ type: 4, room: room(channel), author: world.user(author), data });
    },
    offered: http.choices,
    press({ messageId, author, label, locale }) {
      const pressed = world.messages.get(messageId);
      const button = buttonsOf(pressed?.["components"]).find((one) => one.label.includes(label));
      if (!pressed || !button) throw new Error(`the double shows no button “${label}” under ${messageId}`);
      const data = { component_type: 2, custom_id: button.customId };
      const doing = { room: room(pressed.channel_id), author: world.user(author), data, pressed };
      return tell({ type: 3, ...doing, ...(locale && { locale }) });
    },
    choose({ messageId, author, name }) {
      const target = world.messages.get(messageId);
      if (!target) throw new Error(`the double has no message ${messageId}`);
      const resolved = { messages: { [messageId]: target } };
      const data = { id: world.snowflake(), type: 3, name, target_id: messageId, resolved };
      return tell({ type: 2, room: room(target.channel_id), author: world.user(author), data });
    },
    submit(author, value) {
      const open = http.closeModal(world.user(author));
      if (!open) throw new Error(`no form is open in front of ${author}`);
      const labels = open.modal["components"] as readonly { readonly component: { readonly custom_id: string } }[];
      const components = labels.map(({ component: { custom_id } }, at) => ({
        type: 18,
        id: 2 * at + 1,
        component: { type: 4, id: 2 * at + 2, custom_id, value },
      }));
      const data = { custom_id: open.modal["custom_id"], components };
      return tell({ type: 5, room: open.room, author: world.user(author), data });
    },
    channelOf: http.channelOf,
    interactRaw: ({ channel, author, ...doing }) => tell({ ...doing, room: room(channel), author: world.user(author) }),
    promote(name) {
      world.permit(world.user(name), (1n << 13n) | (1n << 5n));
    },
    remove(messageId) {
      const message = world.messages.get(messageId);
      if (message) world.remove(message);
    },
    transcript: (channelId, viewer) =>
      world
        .transcript(channelId)
        .filter(({ onlyFor }) => !onlyFor || (viewer !== undefined && onlyFor.id === world.user(viewer).id))
        .map(show),
    removeTogether: (messageIds) => world.removeTogether(messageIds),
    edit: (messageId, content) => void world.change(said(messageId), { content }),
    unfurl(messageId) {
      const message = { ...said(messageId), embeds: [{ type: "link", title: "A page" }] };
      world.messages.set(messageId, message);
      gateway.dispatch(http.files.link({ t: "MESSAGE_UPDATE", d: message }));
    },
    upload({ filename, contentType = "application/octet-stream", bytes, isVoice }) {
      const id = world.snowflake();
      http.files.put(id, bytes, contentType);
      const voice = isVoice ? { duration_secs: 1, waveform: "AAAA" } : {};
      return { id, filename, size: bytes.length, content_type: contentType, url: "", proxy_url: "", ...voice };
    },
    expireLinks: http.files.expire,
    reactions: http.reactions,
    guildId: world.guildId,
    deny: (channelId, ...denied) => world.deny(room(channelId), ...denied),
    overwrite: (channelId, overwrites) => world.overwrite(room(channelId), overwrites),
    setRoles: world.setRoles.bind(world),
    categorise: (channelId) => world.categorise(room(channelId)).id,
    archive: (threadId, { locked } = { locked: false }) => world.archive(room(threadId), { archived: true, locked }),
    channel(id) {
      const found = world.rooms.get(id);
      return found && world.channel(found);
    },
    message: (id) => world.messages.get(id),
    dispatch: (t, d) => gateway.dispatch({ t, d: d as Readonly<Record<string, unknown>> }),
    async close() {
      gateway.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  function tell(doing: Doing): string {
    const permissions = world.permissionsOf(doing.author, doing.room);
    const refusal =
      doing.type === 2 && http.refuseUse(doing.data as Use, { context: contextOf(doing.room), permissions });
    if (refusal) throw new Error(`Discord does not let ${doing.author.username} do this: ${refusal}`);
    const { id, event } = http.interact(doing);
    gateway.dispatch({ t: "INTERACTION_CREATE", d: event });
    if (gateway.connected() > 0)
      void http.watchInteraction(id, `${doing.author.username}: ${JSON.stringify(doing.data)}`);
    return id;
  }

  function said(messageId: string): DiscordMessage {
    const message = world.messages.get(messageId);
    if (!message) throw new Error(`the double has no message ${messageId}`);
    return message;
  }

  function room(channelId: string): DiscordRoom {
    const found = world.rooms.get(channelId);
    if (!found) throw new Error(`the double has no channel ${channelId}`);
    return found;
  }
}

/** One of voice has a chat, in which no threads are made. */
const channelTypes = { text: 0, voice: 2, thread: 11 } as const;

function show({ id, author, content, message_reference, components, attachments }: DiscordMessage): Shown {
  const files = attachments as readonly Attachment[];
  const name = author.global_name ?? author.username;
  const buttons = buttonsOf(components).map(({ label }) => label);
  return {
    id,
    author: name,
    content,
    files: files.map(({ filename, text }) => ({ name: filename, text })),
    ...(message_reference ? { reference: message_reference.message_id } : {}),
    ...(buttons.length > 0 && { buttons }),
  };
}

const defaults = {
  token: "double.discord.token",
  shards: 1,
  maxConcurrency: 1,
  identifyEveryMs: 5_000,
  identifiesMax: 1_000,
  heartbeatIntervalMs: 41_250,
  messageContent: true,
  resumeMs: 180_000,
  resumeWhileOpen: "takes-over" as "takes-over" | "is-refused",
  rateLimit: { limit: 5, windowMs: 5_000 } as { limit: number; windowMs: number } | undefined,
  globalPerSecond: 50,
  reactionEveryMs: 250,
  interactionDeadlineMs: 3_000,
  interactionLifeMs: 15 * 60_000,
  nonceMs: 120_000,
  clockAheadMs: 0,
};
