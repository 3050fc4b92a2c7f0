import { z } from "zod";
import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { AtOnce } from "./answer-at-once.ts";
import type { BotIdentity } from "./bot-identity.ts";
import type { DiscordAddress } from "./discord-address.ts";
import { clean, member, nameOf, user } from "./discord-user.ts";
import type { Whereabouts } from "./is-welcome.ts";
import { listAttachments } from "./list-attachments.ts";
import { attachment } from "./message-event.ts";
import { readPressId } from "./press-id.ts";
import { readFormId } from "./question-form.ts";
import { snowflake, snowflakeMs } from "./snowflake.ts";
import { chatCommand } from "./write-commands.ts";

/** What somebody did that calls for an answer of ours: a message, or something that is over with its first answer. */
export type Asked = AskedMessage | AtOnce;

type AskedMessage = {
  readonly kind: "message";
  readonly message: ChannelMessage;
  /** The message of the channel that it asks about. */
  readonly aboutId?: string;
  /** Where moderators may have decided who is answered. Absent for what they decide, for who asks why that is, and outside of servers. */
  readonly where?: Whereabouts;
};

/**
 * Reads our slash commands and the buttons under our answers as the text they stand for, and questions about a message. Undefined for
 * every other interaction.
 *
 * @throws ZodError when the event is not shaped as Discord documents it
 */
export function readInteraction(d: unknown, { botId }: Pick<BotIdentity, "botId">): Asked | undefined {
  const event = interaction.parse(d);
  switch (event.type) {
    case applicationCommand:
      return readCommand(event, botId);
    case messageComponent:
      return readPress(event, botId);
    case autocomplete:
      return readTyping(event);
    case modalSubmit:
      return readForm(event, botId);
    default:
      return undefined;
  }
}

function readCommand(event: Interaction, botId: string): Asked | undefined {
  const used = command.parse(event.data);
  const { type, name, options } = used;
  if (type === messageMenu) return readMenu(event);
  if (type !== chatInput) return undefined;
  if (name === chatCommand.name) return readChat(event, botId, used);
  const asked = askedIn(event, botId, { text: [`/${name}`, ...options.flatMap(writtenOut)].join(" ") });
  if (manages(event)) return { kind: "message", message: { ...asked.message, moderates: event.guild_id ?? "" } };
  return name === why ? { kind: "message", message: asked.message } : asked;
}

/** What was chosen, as somebody would write it; inside of a part of a command with its name, for there can be much of it. */
function writtenOut({ name, value, options }: Option): readonly string[] {
  if (options) return [name, ...options.map((option) => `${option.name}=${String(option.value)}`)];
  return value === undefined ? [] : [String(value)];
}

/** "Ask about this" calls for a form in which the question is written. */
function readMenu({ id, token, locale, data }: Interaction): Asked | undefined {
  const { target_id: targetId, resolved } = menuChoice.parse(data);
  return { kind: "ask-about", id, token, language: locale, targetId, target: resolved.messages[targetId] };
}

function readForm(event: Interaction, botId: string): Asked | undefined {
  const { custom_id: customId, components } = form.parse(event.data);
  const targetId = readFormId(customId);
  const text = components.map(({ component }) => component.value).join("\n");
  return targetId === undefined ? undefined : { ...askedIn(event, botId, { text }), aboutId: targetId };
}

/** A question, which may be answered so that only its author sees it. */
function readChat(event: Interaction, botId: string, { options, resolved }: Command): Asked {
  const valueOf = (name: string) => options.find((option) => option.name === name)?.value;
  const text = String(valueOf(chatCommand.question) ?? "");
  const wantsPrivacy = valueOf(chatCommand.private) === true;
  const asked = askedIn(event, botId, { text, ...(wantsPrivacy && { isPrivate: true }) });
  const file = resolved?.attachments[String(valueOf(chatCommand.file))];
  if (!file) return asked;
  const bearer = { channelId: event.channel_id, messageId: event.id };
  const attachments = listAttachments({ attachments: [file], sticker_items: [], poll: undefined }, bearer);
  return { ...asked, message: { ...asked.message, attachments } };
}

function readPress(event: Interaction, botId: string): Asked | undefined {
  const pressId = readPressId(press.parse(event.data).custom_id);
  if (!pressId) return undefined;
  const { turnId, askerId, command } = pressId;
  if (event.asker.id !== askerId && !moderates(event))
    return { kind: "refused-press", id: event.id, token: event.token, language: event.locale };
  const { id: pressedId, flags } = pressed.parse(event.message);
  const asked = askedIn(event, botId, { text: command, pressedId, isPrivate: (flags & ephemeral) !== 0 });
  return { ...asked, message: { ...asked.message, about: { kind: "pressed", turnId } } };
}

/** The only field that is completed is the name of a model. */
function readTyping({ id, token, data }: Interaction): Asked | undefined {
  const field = command.parse(data).options.find(({ focused }) => focused);
  return field && { kind: "complete-model", id, token, typed: String(field.value ?? "") };
}

function moderates(event: Interaction): boolean {
  return isPermitted(event, manageMessages);
}

function manages(event: Interaction): boolean {
  return event.guild_id !== undefined && !isOutside(event) && isPermitted(event, manageServer);
}

function isPermitted({ member }: Interaction, permission: bigint): boolean {
  return (BigInt(member?.permissions ?? 0) & (permission | administrator)) !== 0n;
}

type Said = { readonly text: string; readonly pressedId?: string; readonly isPrivate?: boolean };

function askedIn(event: Interaction, botId: string, said: Said): AskedMessage {
  const asked = { kind: "message", message: messageOf(event, botId, said) } as const;
  const { guild_id: guildId, channel_id: channelId, channel, asker, member } = event;
  if (!guildId || isOutside(event)) return asked;
  const parentId = channel?.parent_id ?? undefined;
  return { ...asked, where: { guildId, channelId, parentId, authorId: asker.id, roleIds: member?.roles ?? [] } };
}

function messageOf(event: Interaction, botId: string, said: Said): ChannelMessage {
  const { text, pressedId, isPrivate = isHidden(event) } = said;
  const address = {
    kind: "interaction",
    id: event.id,
    applicationId: event.application_id,
    token: event.token,
    channelId: event.channel_id,
    ...(event.guild_id && { guildId: event.guild_id }),
    ...(pressedId && { pressedId }),
    ...((isPrivate || isOutside(event)) && { aside: { userId: event.asker.id, isPrivate } }),
  } satisfies DiscordAddress;
  const room = `${botId}/${event.channel_id}`;
  return {
    channel: "discord",
    room: isPrivate ? `${room}/private/${event.asker.id}` : room,
    id: `interaction:${event.id}`,
    author: { id: event.asker.id, name: nameOf(event.asker, event.member) },
    text: clean(text),
    audience: isPrivate || isDirect(event) ? "direct" : "group",
    ...(event.locale && { language: event.locale }),
    address,
    sentAtMs: snowflakeMs(event.id),
  };
}

/** Only the bot's own direct channel: a command can also be used in a group, or between two other people. */
function isDirect({ guild_id, context, channel }: Interaction): boolean {
  return !guild_id && (context === undefined || context === null ? channel?.type === directChannel : context === botDm);
}

/** Where only people brought the commands with them: the bot is no member, and nobody lets it write. */
function isOutside(event: Interaction): boolean {
  return (
    !isDirect(event) &&
    event.authorizing_integration_owners !== undefined &&
    !(guildInstall in event.authorizing_integration_owners)
  );
}

/** Where members may not show others what they brought with them, Discord shows all answers to them alone. */
function isHidden(event: Interaction): boolean {
  return event.guild_id !== undefined && isOutside(event) && !isPermitted(event, useExternalApps);
}

/** https://discord.com/developers/docs/interactions/receiving-and-responding */
const applicationCommand = 2;
const messageComponent = 3;
const autocomplete = 4;
const modalSubmit = 5;
const chatInput = 1;
const why = "why";
const messageMenu = 3;
const directChannel = 1;
const botDm = 1;
const administrator = 1n << 3n;
const manageServer = 1n << 5n;
const manageMessages = 1n << 13n;
/** https://discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags */
const useExternalApps = 1n << 50n;
const ephemeral = 1 << 6;
const guildInstall = "0";

const interaction = z
  .object({
    id: snowflake,
    application_id: snowflake,
    type: z.number(),
    token: z.string(),
    guild_id: snowflake.optional(),
    channel_id: snowflake,
    channel: z.object({ type: z.number(), parent_id: snowflake.nullish() }).optional(),
    context: z.number().nullish(),
    /** By how the application is installed: for a server, for a person. */
    authorizing_integration_owners: z.record(z.string(), z.string()).optional(),
    locale: z.string().optional(),
    /** In servers, with the permissions that they have in the channel. */
    member: member
      .extend({ user, permissions: z.string().regex(/^\d+$/), roles: z.array(snowflake).default([]) })
      .optional(),
    /** Outside of servers. */
    user: user.optional(),
    data: z.unknown().optional(),
    message: z.unknown().optional(),
  })
  .transform((event, context) => {
    const asker = event.member?.user ?? event.user;
    if (asker) return { ...event, asker };
    context.addIssue("somebody must have done it");
    return z.NEVER;
  });
type Interaction = z.output<typeof interaction>;
const simpleOption = z.object({
  name: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]).optional(),
  focused: z.boolean().optional(),
});
const option = simpleOption.extend({ options: z.array(simpleOption).optional() });
type Option = z.output<typeof option>;
const command = z.object({
  type: z.number(),
  name: z.string(),
  options: z
    .array(option)
    .nullish()
    .transform((options) => options ?? []),
  resolved: z.object({ attachments: z.record(z.string(), attachment).default({}) }).optional(),
});
type Command = z.output<typeof command>;
const menuChoice = z.object({
  target_id: snowflake,
  resolved: z.object({ messages: z.record(z.string(), z.unknown()) }),
});
const form = z.object({
  custom_id: z.string(),
  components: z.array(z.object({ component: z.object({ value: z.string() }) })),
});
const press = z.object({ custom_id: z.string() });
const pressed = z.object({ id: snowflake, flags: z.number().default(0) });
