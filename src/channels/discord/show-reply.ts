import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { ChannelError } from "../../conversation/domain/errors.ts";
import { type Reply, replyMarkdown } from "../../conversation/domain/reply.ts";
import type { Turn } from "../../conversation/domain/turn.ts";
import type { Hold, NoteParts } from "../../conversation/ports/channel.ts";
import { asideOf, type DiscordAddress, type InteractionAddress, readAddress, tokenLives } from "./discord-address.ts";
import type { DiscordRest } from "./discord-rest.ts";
import { nonceOf } from "./nonce-of.ts";
import { DiscordRefusal, isBadReference, isBadText, isGone, isShutOut, readError } from "./read-error.ts";
import { type PartSearch, type SettlingOptions, settleParts } from "./settle-parts.ts";
import { type ButtonRow, writeButtons } from "./write-buttons.ts";
import { type Part, writePlainReply, writeReply } from "./write-reply.ts";

/** Makes a room show a reply, as `Channel.show` says. */
type ShowReply = (turn: Turn, reply: Reply, note: NoteParts, hold: Hold) => Promise<readonly string[]>;

/** Where a reply is shown, and what of it stands there. `shown` is what changes while it is worked on. */
type Work = {
  readonly turn: Turn;
  readonly address: DiscordAddress;
  readonly shown: string[];
  readonly search: PartSearch;
  readonly note: NoteParts;
  readonly hold: Hold;
};

/** A part with what can be pressed under it. */
type Sent = Part & { readonly components: readonly ButtonRow[] };

/** What sending needs to know of the rest of the adapter. */
type Showing = SettlingOptions & {
  /**
   * Resolves once this process has told Discord that the interaction's answer will come, or failed to;
   * undefined when another process received it.
   */
  readonly deferred: (interactionId: string) => Promise<void> | undefined;
};

export function showReplies(rest: DiscordRest, { deferred, ...options }: Showing): ShowReply {
  const searchIn = settleParts(rest, options);
  /** What a part shows, as far as this process knows: nothing is sent that would change nothing. */
  const looks = new LRUCache<string, string>({ max: 1_000 });
  /** The turns that have taken away the buttons above them. */
  const cleared = new LRUCache<string, true>({ max: 1_000 });
  /** The interactions whose own answer is filled, or gone. */
  const settled = new LRUCache<string, true>({ max: 1_000 });

  return async (turn, reply, note, hold) => {
    const address = readAddress(turn.message.address);
    const work: Work = {
      turn,
      address,
      shown: reachable(turn.shown, address),
      search: searchIn(turn, address),
      note,
      hold,
    };
    if (!reply.end && rest.isTight(address.channelId)) return turn.shown;
    try {
      hold.check();
      if (reply.end) work.shown.push(...(await work.search.strays(work.shown)));
      else await work.search.lookAround(work.shown);
      await showWithFallback(work, reply);
      await clearButtonsAbove(work);
      if (reply.end) await clearOriginal(work);
    } catch (error) {
      // The next draft says the same and more; only a final text has to wait for its time.
      if (reply.end || !(error instanceof DiscordRefusal) || error.retryAfterMs === 0) throw error;
    }
    return work.shown;
  };

  /** If Discord will not take the formatted text, the same words go out plain. */
  async function showWithFallback(work: Work, reply: Reply): Promise<void> {
    if (!reply.end && replyMarkdown(reply) === "") return showTyping(work);
    const { language } = work.turn.message;
    const buttons = isElsewhere(work) ? [] : writeButtons(reply, work.turn);
    try {
      await showParts(work, withButtons(writeReply(reply, language), buttons));
    } catch (error) {
      if (!(error instanceof DiscordRefusal) || !isBadText(error)) throw error;
      await showParts(work, withButtons(writePlainReply(reply, language), buttons));
    }
  }

  /** Once, as soon as there is something newer; it is only for the looks. */
  async function clearButtonsAbove({ turn, address, shown, hold }: Work): Promise<void> {
    const { id, buttonsAt } = turn;
    if (buttonsAt === undefined || shown.length === 0 || shown.includes(buttonsAt) || cleared.has(id)) return;
    cleared.set(id, true);
    looks.delete(buttonsAt);
    await firstThatIsThere(partRoutes({ address, shown, hold }, buttonsAt), (route, options) => {
      hold.check();
      return rest.call("PATCH", route, { ...options, body: { components: [] } });
    }).catch(readError);
  }

  /** An answer in the place of an earlier one leaves the interaction's own, which would say "thinking…" until its end; only for the looks. */
  async function clearOriginal({ address, shown, hold }: Work): Promise<void> {
    if (!tokenLives(address, hold.ageMs()) || address.pressedId || settled.has(address.id)) return;
    settled.set(address.id, true);
    await deferred(address.id);
    const route = `${webhook(address)}/messages/@original` as const;
    try {
      const original = await rest.call("GET", route, { anonymous: true });
      if (shown.includes(readPart(original, address).id)) return;
      hold.check();
      await rest.call("DELETE", route, { anonymous: true });
    } catch (error) {
      readError(error);
    }
  }

  /** Also where an earlier answer stands still. A deferred command says "thinking…" by itself. */
  async function showTyping({ address, hold }: Work): Promise<void> {
    if (asideOf(address) || (tokenLives(address, hold.ageMs()) && !address.pressedId)) return;
    hold.check();
    await rest.call("POST", `/channels/${address.channelId}/typing`);
  }

  async function showParts(work: Work, parts: readonly Sent[]): Promise<void> {
    const { shown, hold } = work;
    for (const [index, part] of parts.entries()) {
      const id = shown[index];
      if (id !== undefined && looks.get(id) === printOf(part)) continue;
      hold.check();
      if (id !== undefined && (await edit(work, id, part))) continue;
      hold.check();
      shown[index] = await create(work, index, part);
      if (index < parts.length - 1) await work.note([...shown]);
    }
    while (shown.length > parts.length) {
      hold.check();
      await remove(work, shown.at(-1) ?? "");
      shown.pop();
    }
  }

  /** @returns false when the part is there no more */
  async function edit(work: Work, id: string, part: Sent): Promise<boolean> {
    looks.delete(id);
    const changed = await firstThatIsThere(partRoutes(work, id), (route, options) =>
      rest.call("PATCH", route, { ...options, ...messageOf(part) }),
    );
    if (changed !== undefined) looks.set(id, printOf(part));
    return changed !== undefined;
  }

  async function remove(work: Work, id: string): Promise<void> {
    looks.delete(id);
    await firstThatIsThere(partRoutes(work, id), (route, options) => rest.call("DELETE", route, options));
  }

  async function create(work: Work, index: number, part: Sent): Promise<string> {
    const { address } = work;
    const original = index === 0 && work.shown.length === 0 ? await fillOriginal(work, part) : undefined;
    const made = readPart(original ?? (await findOrPost(work, index, part)), address);
    looks.set(made.id, printOf(part));
    // An earlier attempt had sent the part, with what was written then.
    if (made.look !== undefined && made.look !== lookOfPart(part)) await edit(work, made.id, part);
    return made.id;
  }

  /** @returns undefined when there is no deferred answer to fill */
  async function fillOriginal({ address, hold }: Work, part: Sent): Promise<unknown> {
    if (!tokenLives(address, hold.ageMs()) || address.pressedId) return undefined;
    await deferred(address.id);
    const ageMs = hold.ageMs();
    try {
      const route = `${webhook(address)}/messages/@original` as const;
      const filled = await rest.call("PATCH", route, { ...messageOf(part), anonymous: true });
      settled.set(address.id, true);
      return filled;
    } catch (error) {
      const refusal = readError(error);
      if (!isGone(refusal)) throw refusal;
      if (ageMs > deferMsMax) return undefined;
      throw new ChannelError("The interaction is not deferred yet.", { retryable: true, retryAfterMs: 1_000 });
    }
  }

  async function findOrPost(work: Work, index: number, part: Sent): Promise<unknown> {
    const { turn, address, search, shown, hold } = work;
    const nonce = nonceOf(turn, index, shown[index]);
    const found = await search.find({ shown, nonce, content: part.content });
    if (found) return found;
    hold.check();
    try {
      return await (asideOf(address) ? postAside(work, part, nonce) : post(work, index, part, nonce));
    } catch (error) {
      const refusal = readError(error);
      if (refusal.retryable && refusal.retryAfterMs === 0) search.doubt(nonce);
      throw refusal;
    }
  }

  /** As a message of the channel, because only these can be sent twice without harm; a follow-up where the bot may not write. */
  async function post({ address, hold }: Work, index: number, part: Sent, nonce: string): Promise<unknown> {
    const route = `/channels/${address.channelId}/messages` as const;
    const { body, files } = messageOf(part);
    const message = { ...body, nonce, enforce_nonce: true };
    const reference = index === 0 ? referenceTo(address) : {};
    try {
      return await rest.call("POST", route, { body: { ...message, ...reference }, files });
    } catch (error) {
      const refusal = readError(error);
      if (isBadReference(refusal)) return rest.call("POST", route, { body: message, files });
      if (!isShutOut(refusal) || !tokenLives(address, hold.ageMs())) throw refusal;
      return rest.call("POST", webhook(address), { body, files, anonymous: true, once: true });
    }
  }

  /** Where only the token can write; when that has died, or was never born, to the person directly. */
  async function postAside(work: Work, part: Sent, nonce: string): Promise<unknown> {
    const { address, hold } = work;
    if (!tokenLives(address, hold.ageMs())) return await postDirectly(work, part, nonce);
    const { body, files } = messageOf(part);
    try {
      const message = { ...body, flags: body.flags | (asideOf(address)?.isPrivate ? ephemeral : 0) };
      return await rest.call("POST", webhook(address), { body: message, files, anonymous: true, once: true });
    } catch (error) {
      const refusal = readError(error);
      if (isGone(refusal)) return await postDirectly(work, part, nonce);
      throw refusal;
    }
  }

  async function postDirectly({ address, hold }: Work, part: Sent, nonce: string): Promise<unknown> {
    const recipient = { recipient_id: asideOf(address)?.userId };
    const opened = await rest.call("POST", "/users/@me/channels", { body: recipient });
    hold.check();
    const { body, files } = messageOf(part);
    const message = { ...body, nonce, enforce_nonce: true };
    return await rest.call("POST", `/channels/${directChannel.parse(opened).id}/messages`, { body: message, files });
  }
}

/**
 * What is pressed there would not find the room of the question: in the person's direct channel, and where the thread that is the room
 * could not be made.
 */
function isElsewhere({ address, hold }: Work): boolean {
  if (address.kind === "interaction") return address.aside !== undefined && !tokenLives(address, hold.ageMs());
  return address.opensThread !== undefined && address.channelId !== address.messageId;
}

/** Where only the token can write, it changes of an earlier answer nothing but the message with the pressed button, its last part. */
function reachable(shown: readonly string[], address: DiscordAddress): string[] {
  const pressedId = address.kind === "interaction" && address.aside ? address.pressedId : undefined;
  return shown.slice(Math.max(0, shown.indexOf(pressedId ?? "")));
}

/** Under the last part: that is where the answer ends. */
function withButtons(parts: readonly Part[], components: readonly ButtonRow[]): readonly Sent[] {
  return parts.map((part, index) => ({ ...part, components: index === parts.length - 1 ? components : [] }));
}

/** All that a message is to show: a file or buttons that it showed before and this does not name go. */
function messageOf({ file, ...words }: Sent) {
  const files = file ? [{ name: file.name, data: Buffer.from(file.text), contentType: file.mimeType }] : [];
  const attachments = files.map(({ name }, id) => ({ id, filename: name }));
  return { body: { ...words, attachments, ...quiet }, files };
}

type Look = Pick<Sent, "content" | "components"> & { readonly fileBytes: readonly number[] };

/** What a person sees of it, to be compared with what Discord tells of a message. */
function lookOf({ content, components, fileBytes }: Look): string {
  const labels = components.map((row) => row.components.map(({ label, custom_id }) => [label, custom_id]));
  return JSON.stringify([content, labels, fileBytes]);
}

function lookOfPart(part: Sent): string {
  return lookOf({ ...part, fileBytes: part.file ? [Buffer.byteLength(part.file.text)] : [] });
}

/** All of it, to be compared with what this process has sent. */
function printOf(part: Sent): string {
  return part.file ? lookOfPart(part) + hash("sha1", part.file.text) : lookOfPart(part);
}

/** Nobody is pinged, not even the person who asked, and no address is looked up: a model writes this. */
const quiet = { allowed_mentions: { parse: [], replied_user: false }, flags: 4 };

/** Shown above the answer; an answer to a question that was deleted meanwhile is sent all the same. */
function referenceTo(address: DiscordAddress): object {
  if (address.kind !== "message" || address.channelId === address.messageId) return {}; // the question's thread shows it
  return { message_reference: { message_id: address.messageId, fail_if_not_exists: false } };
}

type Route = readonly [route: `/${string}`, options: { readonly anonymous?: true }];

/**
 * The ways to a part: as a message of the channel, and as an interaction's answer, which needs no permission. None when only a token
 * could change it that has died.
 */
function partRoutes(
  { address, shown, hold }: Pick<Work, "address" | "shown" | "hold">,
  part: string,
): readonly Route[] {
  const [id = "", channelId = address.channelId] = part.split("@");
  const inChannel: Route = [`/channels/${channelId}/messages/${id}`, {}];
  if (channelId !== address.channelId) return [inChannel];
  const asAnswer =
    tokenLives(address, hold.ageMs()) && ([`${webhook(address)}/messages/${id}`, { anonymous: true }] as const);
  if (asideOf(address)) return asAnswer ? [asAnswer] : [];
  if (!asAnswer) return [inChannel];
  const isAnswer = id === (address.kind === "interaction" ? address.pressedId : undefined) || id === shown[0];
  return isAnswer ? [asAnswer, inChannel] : [inChannel, asAnswer];
}

/** @returns undefined when it is gone on every way */
async function firstThatIsThere(
  routes: readonly Route[],
  call: (...route: Route) => Promise<unknown>,
): Promise<unknown> {
  let last: DiscordRefusal | undefined;
  for (const route of routes) {
    try {
      return (await call(...route)) ?? true;
    } catch (error) {
      last = readError(error);
      if (!isGone(last) && !isShutOut(last)) throw last;
    }
  }
  if (last && isShutOut(last)) throw last;
  return undefined;
}

function webhook({ applicationId, token }: InteractionAddress): `/${string}` {
  return `/webhooks/${applicationId}/${token}`;
}

/** Of a message of ours, as Discord tells it: its id, with its channel when that is another one than the question's, and how it looks if it says so. */
function readPart(told: unknown, { channelId }: DiscordAddress): { readonly id: string; readonly look?: string } {
  const { data: message } = toldMessage.safeParse(told);
  if (!message) throw new DiscordRefusal("Discord answered without a message id.", { retryable: true });
  const { content, components, attachments } = message;
  const id = message.channel_id === channelId ? message.id : `${message.id}@${message.channel_id}`;
  const fileBytes = attachments.map(({ size }) => size);
  return content === undefined ? { id } : { id, look: lookOf({ content: content.trim(), components, fileBytes }) };
}

const button = z.object({ type: z.number(), style: z.number(), label: z.string(), custom_id: z.string() });
const toldMessage = z.object({
  id: z.string(),
  channel_id: z.string(),
  content: z.string().optional(),
  components: z.array(z.object({ type: z.number(), components: z.array(button) })).catch([]),
  attachments: z.array(z.object({ size: z.number() })).catch([]),
});

const directChannel = z.object({ id: z.string() });
const ephemeral = 1 << 6;
/** After this the interaction has been deferred, or never will be: Discord gives three seconds. */
const deferMsMax = 5_000;
