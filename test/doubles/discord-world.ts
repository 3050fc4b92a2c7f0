import { everyonesPermissions, isDenied, type Overwrite, type Permission, permissions } from "./discord-permissions.ts";

/** What exists on the double's Discord: people, channels, messages. Objects look as API v10 sends them. */

export type DiscordUser = {
  readonly id: string;
  readonly username: string;
  readonly global_name: string | null;
  readonly bot?: true;
};

export type DiscordRoom = {
  readonly id: string;
  /** 0 text, 1 direct, 11 thread. */
  readonly type: number;
  readonly guild_id?: string;
  readonly recipient?: DiscordUser;
  /** The bot is no member: other people's direct messages, or a server that did not invite it. */
  readonly outside?: true;
  /** Its members may not use external apps: what these answer is seen by who uses them only. */
  readonly hidesApps?: true;
  readonly name?: string;
  /** A thread's channel, or a channel's category. */
  parent_id?: string;
  /** Who made a thread. */
  readonly owner_id?: string;
  permission_overwrites: readonly Overwrite[];
  thread_metadata?: { readonly archived: boolean; readonly locked: boolean };
};

export type DiscordMessage = {
  readonly id: string;
  readonly channel_id: string;
  readonly guild_id?: string;
  readonly author: DiscordUser;
  readonly type: number;
  readonly content: string;
  readonly mentions: readonly DiscordUser[];
  readonly flags: number;
  readonly message_reference?: { readonly message_id: string; readonly channel_id: string };
  readonly referenced_message?: DiscordMessage;
  readonly webhook_id?: string;
  /** Nobody else sees it. */
  readonly onlyFor?: DiscordUser;
  readonly [more: string]: unknown;
};

/** Something that the gateway is to dispatch. */
export type WorldEvent = { readonly t: string; readonly d: Readonly<Record<string, unknown>> };

type NewMessage = {
  readonly room: DiscordRoom;
  readonly author: DiscordUser;
  readonly content: string;
  readonly reference?: string | undefined;
  /** Whether a reply pings the author of what it answers, as Discord's clients do unless told otherwise. */
  readonly ping?: boolean;
  readonly type?: number;
  readonly more?: Readonly<Record<string, unknown>>;
  readonly onlyFor?: DiscordUser;
};

export type HistoryPage = {
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
};

export type DiscordWorld = ReturnType<typeof discordWorld>;

export function discordWorld(dispatch: (event: WorldEvent) => void, clockAheadMs: number) {
  const snowflake = snowflakes(clockAheadMs);
  const applicationId = snowflake();
  const bot: DiscordUser = { id: applicationId, username: "parley", global_name: null, bot: true };
  const guildId = oddSnowflake(snowflake);
  const botRole = { id: snowflake(), name: "Parley", tags: { bot_id: bot.id } };
  const users = new Map<string, DiscordUser>([["parley", bot]]);
  const rooms = new Map<string, DiscordRoom>();
  const messages = new Map<string, DiscordMessage>();
  const roles = new Map<string, readonly string[]>();
  /** Ids by channel, oldest first. */
  const order = new Map<string, string[]>();
  /** By the id of who has more than everybody may. */
  const permitted = new Map<string, bigint>();

  return {
    snowflake,
    applicationId,
    bot,
    guildId,
    botRole,
    users,
    rooms,
    messages,

    /** The person of this name, made when first heard of. */
    user(name: string): DiscordUser {
      const known = users.get(name);
      if (known) return known;
      const user = { id: snowflake(), username: name.toLowerCase().replaceAll(/\W/g, ""), global_name: name };
      users.set(name, user);
      return user;
    },

    dm(name: string): DiscordRoom {
      const recipient = this.user(name);
      const known = [...rooms.values()].find((room) => room.recipient?.id === recipient.id);
      return known ?? open({ id: snowflake(), type: 1, recipient, permission_overwrites: [] });
    },

    /** A text channel, or a thread that somebody made in one. */
    serverChannel(type: 0 | 2 | 11 = 0): DiscordRoom {
      const room = { id: snowflake(), type, guild_id: guildId, name: "general", permission_overwrites: [] };
      return type === 11
        ? openInside(this.serverChannel(), { ...room, owner_id: this.user("Somebody").id })
        : open(room);
    },

    /** The bot makes a thread of a message: it has the message's id. */
    openThread({ id, type }: DiscordRoom, messageId: string, name: string): DiscordRoom {
      const parent = rooms.get(id);
      if (!parent) throw new Error(`no channel ${id}`);
      const thread = { id: messageId, type: type === 5 ? 10 : 11, guild_id: guildId, name, owner_id: bot.id };
      const room = openInside(parent, { ...thread, permission_overwrites: [] });
      dispatch({ t: "THREAD_CREATE", d: { ...this.channel(room), newly_created: true } });
      const starter = messages.get(messageId);
      // The message is updated, but not changed: it only shows the thread now.
      if (starter) {
        const shown = { ...starter, flags: starter.flags | (1 << 5), thread: this.channel(room) };
        messages.set(messageId, shown);
        dispatch({ t: "MESSAGE_UPDATE", d: shown });
      }
      this.send({ room, author: bot, content: "", type: 21 });
      return room;
    },

    archive(room: DiscordRoom, state: { readonly archived: boolean; readonly locked: boolean }): void {
      room.thread_metadata = state;
      dispatch({ t: "THREAD_UPDATE", d: this.channel(room) });
    },

    deny(room: DiscordRoom, ...denied: readonly Permission[]): void {
      const deny = String(denied.reduce((all, one) => all | permissions[one], 0n));
      this.overwrite(room, [{ id: bot.id, type: 1, allow: "0", deny }]);
    },

    overwrite(room: DiscordRoom, overwrites: readonly Overwrite[]): void {
      room.permission_overwrites = overwrites;
      dispatch({ t: "CHANNEL_UPDATE", d: this.channel(room) });
    },

    /** Puts a channel into a new category. */
    categorise(room: DiscordRoom): DiscordRoom {
      const category = open({
        id: snowflake(),
        type: 4,
        guild_id: guildId,
        name: "a category",
        permission_overwrites: [],
      });
      dispatch({ t: "CHANNEL_CREATE", d: this.channel(category) });
      room.parent_id = category.id;
      dispatch({ t: "CHANNEL_UPDATE", d: this.channel(room) });
      return category;
    },

    /** Whether the bot may not do it in a channel; a thread is as its channel. */
    isDenied(room: DiscordRoom, permission: Permission): boolean {
      const home = (room.thread_metadata && rooms.get(room.parent_id ?? "")) || room;
      const bots = { guildId, roleIds: this.rolesOf(bot.id), memberId: bot.id };
      return isDenied(home.permission_overwrites, permission, bots);
    },

    setRoles(name: string, roleIds: readonly string[]): void {
      roles.set(this.user(name).id, roleIds);
    },
    rolesOf: (userId: string): readonly string[] => (userId === bot.id ? [botRole.id] : (roles.get(userId) ?? [])),

    /** As the API and events tell it. */
    channel(room: DiscordRoom): Readonly<Record<string, unknown>> {
      const { recipient, ...rest } = room;
      return { ...rest, ...(recipient && { recipients: [recipient] }) };
    },

    /** The direct channel with whoever has this id, opened if need be. */
    dmWith(userId: unknown): DiscordRoom | undefined {
      const found = [...users].find(([, { id, bot }]) => id === userId && !bot);
      return found && this.dm(found[0]);
    },

    /** A room that knows the person's commands and not the bot: a group, or a channel of a server that may let nobody show them. */
    outsideChannel(kind: "group" | "server" | "hiding-server"): DiscordRoom {
      const room = { id: snowflake(), outside: true, permission_overwrites: [] } as const;
      if (kind === "group") return open({ ...room, type: 3 });
      const channel = { ...room, type: 0, guild_id: oddSnowflake(snowflake), name: "elsewhere" };
      return open({ ...channel, ...(kind === "hiding-server" && { hidesApps: true }) });
    },

    /** What somebody may do in a server, as a bit field. */
    permissionsOf({ id }: DiscordUser, { outside, hidesApps }: DiscordRoom): string {
      const ownPermissions = outside ? 0n : (permitted.get(id) ?? 0n);
      return String(viewAndSend | (hidesApps ? 0n : useExternalApps) | ownPermissions);
    },

    permit({ id }: DiscordUser, more: bigint): void {
      permitted.set(id, more);
    },

    guild(): Readonly<Record<string, unknown>> {
      return {
        id: guildId,
        name: "The server",
        preferred_locale: "en-GB",
        roles: [
          { id: guildId, name: "@everyone", permissions: everyonesPermissions },
          { ...botRole, permissions: "0" },
        ],
        unavailable: false,
        channels: [...rooms.values()]
          .filter(({ type, outside }) => !outside && (type === 0 || type === 2))
          .map((room) => this.channel(room)),
        threads: [...rooms.values()]
          .filter(({ thread_metadata: state }) => state && !state.archived)
          .map((room) => this.channel(room)),
      };
    },

    send({ room, author, content, reference, ping = true, type, more, onlyFor }: NewMessage): DiscordMessage {
      const answered = reference === undefined ? undefined : messages.get(reference);
      const called = [...users.values()].filter(
        (user) =>
          content.includes(`<@${user.id}>`) || (ping && reference !== undefined && answered?.author.id === user.id),
      );
      const message: DiscordMessage = {
        id: snowflake(),
        channel_id: room.id,
        ...(room.guild_id ? { guild_id: room.guild_id, member: { nick: null, roles: this.rolesOf(author.id) } } : {}),
        author,
        type: type ?? (reference === undefined ? 0 : 19),
        content,
        timestamp: new Date().toISOString(),
        edited_timestamp: null,
        tts: false,
        mention_everyone: content.includes("@everyone"),
        mentions: called,
        mention_roles: content.includes(`<@&${botRole.id}>`) ? [botRole.id] : [],
        attachments: [],
        embeds: [],
        components: [],
        pinned: false,
        flags: 0,
        ...(reference === undefined
          ? {}
          : {
              message_reference: { message_id: reference, channel_id: room.id },
              referenced_message: answered ?? null,
            }),
        ...more,
        ...(onlyFor && { onlyFor }),
      } as DiscordMessage;
      if (room.thread_metadata?.archived) this.archive(room, { archived: false, locked: room.thread_metadata.locked });
      messages.set(message.id, message);
      order.get(room.id)?.push(message.id);
      if (isTold(message)) dispatch({ t: "MESSAGE_CREATE", d: message });
      return message;
    },

    change(message: DiscordMessage, changes: Readonly<Record<string, unknown>>): DiscordMessage {
      const changed = { ...message, ...changes, edited_timestamp: new Date().toISOString() };
      messages.set(message.id, changed);
      if (isTold(changed)) dispatch({ t: "MESSAGE_UPDATE", d: changed });
      return changed;
    },

    removeTogether(ids: readonly string[]): void {
      const { channel_id, guild_id } = messages.get(ids[0] ?? "") ?? {};
      for (const id of ids) messages.delete(id);
      dispatch({ t: "MESSAGE_DELETE_BULK", d: { ids, channel_id, ...(guild_id ? { guild_id } : {}) } });
    },

    remove(message: DiscordMessage): void {
      const { id, channel_id, guild_id } = message;
      messages.delete(id);
      if (isTold(message)) dispatch({ t: "MESSAGE_DELETE", d: { id, channel_id, ...(guild_id ? { guild_id } : {}) } });
    },

    /** A channel's messages directly after or before one, or the newest, the newest first, as the API sends them: without what only events tell. */
    history(channelId: string, { after, before, limit }: HistoryPage): readonly DiscordMessage[] {
      const all = this.transcript(channelId).filter(
        ({ id, onlyFor }) =>
          !onlyFor && (!after || BigInt(id) > BigInt(after)) && (!before || BigInt(id) < BigInt(before)),
      );
      const page = after ? all.slice(0, limit) : all.slice(-limit);
      return page.map(withoutEventFields).toReversed();
    },

    /** What a person sees in the channel, oldest first. */
    transcript(channelId: string): readonly DiscordMessage[] {
      return (order.get(channelId) ?? []).flatMap((id) => messages.get(id) ?? []);
    },
  };

  /** Of what only one person sees, and of rooms without the bot, no event tells. */
  function isTold({ channel_id, onlyFor }: DiscordMessage): boolean {
    return !onlyFor && !rooms.get(channel_id)?.outside;
  }

  function openInside({ id }: DiscordRoom, room: DiscordRoom): DiscordRoom {
    return open({ ...room, parent_id: id, thread_metadata: { archived: false, locked: false } });
  }

  function open(room: DiscordRoom): DiscordRoom {
    rooms.set(room.id, room);
    order.set(room.id, []);
    return room;
  }
}

function withoutEventFields(message: DiscordMessage): DiscordMessage {
  const read: Record<string, unknown> = { ...message };
  for (const field of ["guild_id", "member", "channel_type"]) delete read[field];
  return read as DiscordMessage;
}

/** VIEW_CHANNEL, SEND_MESSAGES, READ_MESSAGE_HISTORY. */
const viewAndSend = (1n << 10n) | (1n << 11n) | (1n << 16n);

const useExternalApps = 1n << 50n;

/** The server is the second shard's, when there are two. */
function oddSnowflake(snowflake: () => string): string {
  return String(BigInt(snowflake()) | (1n << 22n));
}

/** Ids as Discord makes them: 42 bits of time, then a counter. */
function snowflakes(clockAheadMs: number): () => string {
  let last = 0n;
  return () => {
    const now = BigInt(Date.now() + clockAheadMs - 1_420_070_400_000) << 22n;
    last = now > last ? now : last + 1n;
    return String(last);
  };
}
