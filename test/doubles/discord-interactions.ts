import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type Answer, apiError, invalid } from "./discord-answers.ts";
import { refuseChoices, refuseModal } from "./discord-components.ts";
import { at, type Body, editFields, type Request, type Route } from "./discord-route.ts";
import { attachmentsAfter, contentOf } from "./discord-uploads.ts";
import type { DiscordMessage, DiscordRoom, DiscordUser, DiscordWorld } from "./discord-world.ts";

export type InteractionOptions = {
  /** An interaction must be answered within this time, and its token then lives for `interactionLifeMs`. */
  readonly interactionDeadlineMs: number;
  readonly interactionLifeMs: number;
};

/** What somebody does, before it becomes an event. */
export type Doing = {
  readonly type: 2 | 3 | 4 | 5;
  readonly room: DiscordRoom;
  readonly author: DiscordUser;
  readonly data: Body;
  /** The message whose button is pressed. */
  readonly pressed?: DiscordMessage;
  readonly locale?: string;
};

type Interaction = {
  readonly id: string;
  readonly token: string;
  readonly type: Doing["type"];
  readonly room: DiscordRoom;
  readonly author: DiscordUser;
  readonly pressed: DiscordMessage | undefined;
  readonly madeAtMs: number;
  /** The messages that its token has made. */
  readonly made: Set<string>;
  answered: boolean;
  /** What "@original" means. */
  originalId?: string;
};

type Messages = {
  /** What is wrong with it. */
  readonly refuseMessage: (body: Body) => Answer | undefined;
  readonly change: (message: DiscordMessage, body: Body) => Answer;
};

/** What people do with commands and buttons, and the tokens by which it is answered. https://discord.com/developers/docs/interactions/receiving-and-responding */
export function discordInteractions(
  world: () => DiscordWorld,
  options: InteractionOptions,
  { refuseMessage, change }: Messages,
) {
  const interactions = new Map<string, Interaction>();
  /** The interactions that somebody called back, whatever came of that. */
  const calledBack = new Set<string>();
  const unanswered: string[] = [];
  /** By the interaction that it answered. */
  const choices = new Map<string, readonly string[]>();
  /** What is open in front of a person, by their id. */
  const modals = new Map<string, { readonly room: DiscordRoom; readonly modal: Body }>();
  const routes: readonly Route[] = [
    {
      method: "POST",
      path: at(String.raw`/interactions/(\d+)/([\w-]+)/callback`),
      answer: answerInteraction,
      fields: ["type", "data"],
      anonymous: true,
    },
    {
      method: "POST",
      path: at(String.raw`/webhooks/(\d+)/([\w-]+)`),
      answer: followUp,
      fields: editFields,
      anonymous: true,
    },
    ...["GET", "PATCH", "DELETE"].map((method): Route => ({
      method,
      path: at(String.raw`/webhooks/(\d+)/([\w-]+)/messages/(@original|\d+)`),
      answer: answerMessage,
      fields: editFields,
      anonymous: true,
    })),
  ];

  return {
    routes,
    unanswered,

    /** Told of every call before anything else. */
    note(path: string): void {
      const id = /^\/interactions\/(\d+)\//.exec(path)?.[1];
      if (id) calledBack.add(id);
    },

    /** People see at the deadline that it failed. Time counts while this process runs: it may have stalled, and not who should answer. */
    async watch(id: string, what: string): Promise<void> {
      for (let ranMs = 0; ranMs < options.interactionDeadlineMs && !calledBack.has(id); ranMs += tickMs)
        await pause(tickMs, undefined, { ref: false });
      if (!calledBack.has(id)) unanswered.push(what);
    },

    choices: (id: string) => choices.get(id),
    channelOf: (token: string) => interactions.get(token)?.room.id,

    /** Takes what is open in front of a person. */
    closeModal(author: DiscordUser) {
      const open = modals.get(author.id);
      modals.delete(author.id);
      return open;
    },

    interact({ type, room, author, data, pressed, locale = "en-GB" }: Doing): {
      readonly id: string;
      readonly event: Body;
    } {
      const id = world().snowflake();
      const token = randomBytes(24).toString("base64url");
      interactions.set(token, {
        id,
        token,
        type,
        room,
        author,
        pressed,
        madeAtMs: Date.now(),
        made: new Set(),
        answered: false,
      });
      const permissions = world().permissionsOf(author, room);
      const who = room.guild_id
        ? {
            guild_id: room.guild_id,
            member: { user: author, nick: null, roles: world().rolesOf(author.id), permissions },
          }
        : { user: author };
      const event = {
        id,
        token,
        application_id: world().applicationId,
        type,
        version: 1,
        locale,
        entitlements: [],
        channel_id: room.id,
        channel: { id: room.id, type: room.type, parent_id: room.parent_id ?? null },
        context: contextOf(room),
        data,
        app_permissions: room.outside ? "0" : "274877958144",
        authorizing_integration_owners: room.outside ? { 1: author.id } : { 0: room.guild_id ?? "0" },
        ...(pressed && { message: pressed }),
        ...who,
      };
      return { id, event };
    },
  };

  function answerInteraction({ body, params: [id = "", token = ""] }: Request): Answer {
    const interaction = interactions.get(token);
    const late = interaction && Date.now() - interaction.madeAtMs > options.interactionDeadlineMs;
    if (interaction?.id === id && interaction.answered)
      return apiError(400, 40_060, "Interaction has already been acknowledged.");
    if (interaction?.id !== id || late) return apiError(404, 10_062, "Unknown interaction");
    const type = Number(body["type"]);
    if (!answersTo[interaction.type].includes(type)) return invalid("type", "BASE_TYPE_CHOICES");

    const data = (body["data"] ?? {}) as Body;
    const refusal = refuseAnswer(type, data);
    if (refusal) return refusal;
    interaction.answered = true;
    if (type === 8)
      choices.set(
        id,
        (data["choices"] as { readonly value: string }[]).map(({ value }) => value),
      );
    if (type === 9) modals.set(interaction.author.id, { room: interaction.room, modal: data });
    if (type === 6) interaction.originalId = interaction.pressed?.id ?? "";
    if (type === 4 || type === 5) interaction.originalId = say(interaction, data, { isThinking: type === 5 }).id;
    return { status: 204 };
  }

  function refuseAnswer(type: number, data: Body): Answer | undefined {
    const flags = Number(data["flags"] ?? 0);
    if (type === 5 && (flags & ~ephemeral) !== 0) return invalid("flags", "BASE_TYPE_BAD");
    if (type === 8) return refuseChoices(data);
    if (type === 9) return refuseModal(data);
    return type === 4 ? refuseMessage({ ...data, flags: flags & ~ephemeral }) : undefined;
  }

  function say(interaction: Interaction, body: Body, { isThinking }: { isThinking: boolean }): DiscordMessage {
    const { id, room, author, originalId } = interaction;
    const flags = Number(body["flags"] ?? 0) | (room.hidesApps ? ephemeral : 0);
    const first = originalId === undefined;
    const said = world().send({
      room,
      author: world().bot,
      content: isThinking ? "" : contentOf(body),
      type: first ? 20 : 0,
      more: {
        webhook_id: world().applicationId,
        flags: flags | (isThinking ? thinking : 0),
        interaction_metadata: { id, user: author },
        components: body["components"] ?? [],
        attachments: attachmentsAfter(body, world().snowflake),
      },
      ...((flags & ephemeral) !== 0 && { onlyFor: author }),
    });
    interaction.made.add(said.id);
    return said;
  }

  /** The first one after a deferral is the answer that was promised, and is seen by whom that was promised. */
  function followUp({ body, params: [, token = ""] }: Request): Answer {
    const interaction = live(token);
    if (!interaction) return apiError(404, 10_015, "Unknown Webhook");
    const flags = Number(body["flags"] ?? 0);
    const refusal = refuseMessage({ ...body, flags: flags & ~ephemeral });
    if (refusal) return refusal;
    const original = world().messages.get(interaction.originalId ?? "");
    if (original && (original.flags & thinking) !== 0) return change(original, body);
    return { status: 200, body: say(interaction, body, { isThinking: false }) };
  }

  function answerMessage({ method, body, params: [, token = "", id = ""] }: Request): Answer {
    const interaction = live(token);
    if (!interaction) return apiError(404, 10_015, "Unknown Webhook");
    const message = world().messages.get(id === "@original" ? (interaction.originalId ?? "") : id);
    if (!message || !(interaction.made.has(message.id) || message.id === interaction.originalId))
      return apiError(404, 10_008, "Unknown Message");
    if (method === "PATCH") return change(message, body);
    if (method === "GET") return { status: 200, body: message };
    world().remove(message);
    return { status: 204 };
  }

  function live(token: string): Interaction | undefined {
    const interaction = interactions.get(token);
    const alive = interaction?.answered && Date.now() - interaction.madeAtMs < options.interactionLifeMs;
    return alive ? interaction : undefined;
  }
}

/** In a server, with the bot, or between other people. */
export function contextOf({ guild_id, outside }: DiscordRoom): number {
  if (guild_id) return 0;
  return outside ? 2 : 1;
}

/** What may answer a command, a press, an autocompletion and a modal. */
const answersTo: Readonly<Record<Doing["type"], readonly number[]>> = {
  2: [4, 5, 9],
  3: [4, 5, 6, 7, 9],
  4: [8],
  5: [4, 5],
};
/** However long a wait of this length lasts, it counts as that. */
const tickMs = 50;
const ephemeral = 64;
const thinking = 128;
