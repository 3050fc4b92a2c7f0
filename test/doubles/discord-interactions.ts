import { randomBytes } from "node:crypto";
import { type Answer, apiError, invalid } from "./discord-answers.ts";
import { at, type Body, editFields, type Request, type Route } from "./discord-route.ts";
import type { DiscordMessage, DiscordRoom, DiscordUser, DiscordWorld } from "./discord-world.ts";

export type InteractionOptions = {
  /** An interaction must be answered within this time, and its token then lives for `interactionLifeMs`. */
  readonly interactionDeadlineMs: number;
  readonly interactionLifeMs: number;
};

type Interaction = {
  readonly id: string;
  readonly token: string;
  readonly room: DiscordRoom;
  readonly madeAtMs: number;
  answered: boolean;
  originalId?: string;
};

type Messages = {
  /** What is wrong with it. */
  readonly refuseMessage: (body: Body) => Answer | undefined;
  readonly change: (message: DiscordMessage, body: Body) => Answer;
};

/** What people do with commands and buttons, and the tokens by which it is answered. */
export function discordInteractions(
  world: () => DiscordWorld,
  options: InteractionOptions,
  { refuseMessage, change }: Messages,
) {
  const interactions = new Map<string, Interaction>();
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

    interact(room: DiscordRoom, author: DiscordUser, data: Body): { readonly id: string; readonly event: Body } {
      const id = world().snowflake();
      const token = randomBytes(24).toString("base64url");
      interactions.set(token, { id, token, room, madeAtMs: Date.now(), answered: false });
      const who = room.guild_id ? { guild_id: room.guild_id, member: { user: author, nick: null } } : { user: author };
      const event = {
        id,
        token,
        application_id: world().applicationId,
        type: 2,
        version: 1,
        locale: "en-GB",
        entitlements: [],
        channel_id: room.id,
        channel: { id: room.id, type: room.type },
        context: room.guild_id ? 0 : 1,
        data: { id: world().snowflake(), type: 1, ...data },
        authorizing_integration_owners: {},
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
    if (body["type"] !== 4 && body["type"] !== 5) return invalid("type", "BASE_TYPE_CHOICES");

    const data = (body["data"] ?? {}) as Body;
    if (body["type"] === 4) {
      const refusal = refuseMessage(data);
      if (refusal) return refusal;
    }
    interaction.answered = true;
    const { room } = interaction;
    const thinking = body["type"] === 5;
    interaction.originalId = world().send({
      room,
      author: world().bot,
      content: thinking ? "" : String(data["content"]),
      type: 20,
      more: { webhook_id: world().applicationId, flags: thinking ? 128 : 0, interaction_metadata: { id } },
    }).id;
    return { status: 204 };
  }

  function followUp({ body, params: [, token = ""] }: Request): Answer {
    const interaction = live(token);
    if (!interaction) return apiError(404, 10_015, "Unknown Webhook");
    const refusal = refuseMessage(body);
    if (refusal) return refusal;
    const { room } = interaction;
    const more = { webhook_id: world().applicationId, flags: body["flags"] ?? 0 };
    return {
      status: 200,
      body: world().send({ room, author: world().bot, content: String(body["content"]).trim(), more }),
    };
  }

  function answerMessage({ method, body, params: [, token = "", id = ""] }: Request): Answer {
    const interaction = live(token);
    if (!interaction) return apiError(404, 10_015, "Unknown Webhook");
    const message = world().messages.get(id === "@original" ? (interaction.originalId ?? "") : id);
    if (!message?.webhook_id || message.channel_id !== interaction.room.id)
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
