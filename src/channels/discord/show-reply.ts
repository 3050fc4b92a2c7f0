import { LRUCache } from "lru-cache";
import { ChannelError } from "../../conversation/domain/errors.ts";
import { type Reply, replyMarkdown } from "../../conversation/domain/reply.ts";
import type { Turn } from "../../conversation/domain/turn.ts";
import type { Hold, NoteParts } from "../../conversation/ports/channel.ts";
import {
  type DiscordAddress,
  interactionLifeMs,
  type LiveInteraction,
  readAddress,
  tokenLives,
} from "./discord-address.ts";
import type { DiscordRest } from "./discord-rest.ts";
import { nonceOf } from "./nonce-of.ts";
import { DiscordRefusal, isBadReference, isBadText, isGone, isShutOut, readError } from "./read-error.ts";
import { type PartSearch, type SettlingOptions, settleParts } from "./settle-parts.ts";
import { writePlainReply, writeReply } from "./write-reply.ts";

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
  const contents = new LRUCache<string, string>({ max: 1_000 });

  return async (turn, reply, note, hold) => {
    const address = readAddress(turn.message.address);
    const work: Work = { turn, address, shown: [...turn.shown], search: searchIn(turn, address), note, hold };
    if (!reply.end && rest.isTight(address.channelId)) return turn.shown;
    try {
      if (reply.end) await takeOverStrays(work);
      await showWithFallback(work, reply);
    } catch (error) {
      // The next draft says the same and more; only a final text has to wait for its time.
      if (reply.end || !(error instanceof DiscordRefusal) || error.retryAfterMs === 0) throw error;
    }
    return work.shown;
  };

  async function takeOverStrays({ search, shown, hold }: Work): Promise<void> {
    hold.check();
    shown.push(...(await search.strays(shown)));
  }

  /** If Discord will not take the formatted text, the same words go out plain. */
  async function showWithFallback(work: Work, reply: Reply): Promise<void> {
    const markdown = replyMarkdown(reply);
    if (markdown === "" && !reply.end) return showTyping(work);
    try {
      await showParts(work, writeReply(markdown, reply.end ? "final" : "draft"));
    } catch (error) {
      if (!(error instanceof DiscordRefusal) || !isBadText(error)) throw error;
      await showParts(work, writePlainReply(markdown));
    }
  }

  /** A deferred interaction says "thinking…" by itself. */
  async function showTyping({ address, shown, hold }: Work): Promise<void> {
    if (shown.length > 0 || tokenLives(address)) return;
    hold.check();
    await rest.call("POST", `/channels/${address.channelId}/typing`);
  }

  async function showParts(work: Work, parts: readonly string[]): Promise<void> {
    const { shown, hold } = work;
    for (const [index, content] of parts.entries()) {
      const id = shown[index];
      if (id !== undefined && contents.get(id) === content) continue;
      hold.check();
      if (id !== undefined && (await edit(work, id, content))) continue;
      hold.check();
      shown[index] = await create(work, index, content);
      if (index < parts.length - 1) await work.note([...shown]);
    }
    while (shown.length > parts.length) {
      hold.check();
      await remove(work, shown.at(-1) ?? "");
      shown.pop();
    }
  }

  /** @returns false when the part is there no more */
  async function edit(work: Work, id: string, content: string): Promise<boolean> {
    contents.delete(id);
    const body = { content, ...quiet };
    const changed = await firstThatIsThere(partRoutes(work, id), (route) => rest.call("PATCH", ...route(body)));
    if (changed !== undefined) contents.set(id, content);
    return changed !== undefined;
  }

  async function remove(work: Work, id: string): Promise<void> {
    contents.delete(id);
    await firstThatIsThere(partRoutes(work, id), (route) => rest.call("DELETE", ...route()));
  }

  async function create(work: Work, index: number, content: string): Promise<string> {
    const { address } = work;
    const original = index === 0 && work.shown.length === 0 ? await fillOriginal(address, content) : undefined;
    const made = readPart(original ?? (await findOrPost(work, index, content)));
    contents.set(made.id, content);
    // An earlier attempt had sent the part, with what was written then.
    if (made.content !== undefined && made.content.trim() !== content) await edit(work, made.id, content);
    return made.id;
  }

  /** @returns undefined when there is no deferred answer to fill */
  async function fillOriginal(address: DiscordAddress, content: string): Promise<unknown> {
    if (!tokenLives(address)) return undefined;
    await deferred(address.id);
    const ageMs = Date.now() - (address.expiresAtMs - interactionLifeMs);
    try {
      return await rest.call("PATCH", `${webhook(address)}/messages/@original`, {
        body: { content, ...quiet },
        anonymous: true,
      });
    } catch (error) {
      const refusal = readError(error);
      if (!isGone(refusal)) throw refusal;
      if (ageMs > deferMsMax) return undefined;
      throw new ChannelError("The interaction is not deferred yet.", { retryable: true, retryAfterMs: 1_000 });
    }
  }

  async function findOrPost(work: Work, index: number, content: string): Promise<unknown> {
    const { turn, search, shown, hold } = work;
    const nonce = nonceOf(turn, index, shown[index]);
    const found = await search.find({ shown, nonce, content });
    if (found) return found;
    hold.check();
    try {
      return await post(work, index, { content, ...quiet }, nonce);
    } catch (error) {
      const refusal = readError(error);
      if (refusal.retryable && refusal.retryAfterMs === 0) search.doubt(nonce);
      throw refusal;
    }
  }

  /** As a message of the channel, because only these can be sent twice without harm; a follow-up where the bot may not write. */
  async function post({ address }: Work, index: number, body: object, nonce: string): Promise<unknown> {
    const route = `/channels/${address.channelId}/messages` as const;
    const message = { ...body, nonce, enforce_nonce: true };
    try {
      return await rest.call("POST", route, { body: { ...message, ...(index === 0 && referenceTo(address)) } });
    } catch (error) {
      const refusal = readError(error);
      if (isBadReference(refusal)) return rest.call("POST", route, { body: message });
      if (!isShutOut(refusal) || !tokenLives(address)) throw refusal;
      return rest.call("POST", webhook(address), { body, anonymous: true, once: true });
    }
  }
}

/** Nobody is pinged, not even the person who asked, and no address is looked up: a model writes this. */
const quiet = { allowed_mentions: { parse: [], replied_user: false }, flags: 4 };

/** Shown above the answer; an answer to a question that was deleted meanwhile is sent all the same. */
function referenceTo(address: DiscordAddress): object | undefined {
  if (address.kind !== "message") return undefined;
  return { message_reference: { message_id: address.messageId, fail_if_not_exists: false } };
}

type Route = (body?: unknown) => readonly [route: `/${string}`, options: { body?: unknown; anonymous?: true }];

/** The ways to a part: as a message of the channel, and as an interaction's answer, which needs no permission. */
function partRoutes({ address, shown }: Work, id: string): readonly Route[] {
  const inChannel: Route = (body) => [`/channels/${address.channelId}/messages/${id}`, { body }];
  if (!tokenLives(address)) return [inChannel];
  const asAnswer: Route = (body) => [`${webhook(address)}/messages/${id}`, { body, anonymous: true }];
  return id === shown[0] ? [asAnswer, inChannel] : [inChannel, asAnswer];
}

/** @returns undefined when it is gone on every way */
async function firstThatIsThere(routes: readonly Route[], call: (route: Route) => Promise<unknown>): Promise<unknown> {
  let last: DiscordRefusal | undefined;
  for (const route of routes) {
    try {
      return (await call(route)) ?? true;
    } catch (error) {
      last = readError(error);
      if (!isGone(last) && !isShutOut(last)) throw last;
    }
  }
  if (last && isShutOut(last)) throw last;
  return undefined;
}

function webhook({ applicationId, token }: LiveInteraction): `/${string}` {
  return `/webhooks/${applicationId}/${token}`;
}

function readPart(message: unknown): { readonly id: string; readonly content?: string } {
  if (typeof message === "object" && message !== null && "id" in message && typeof message.id === "string")
    return "content" in message && typeof message.content === "string"
      ? { id: message.id, content: message.content }
      : { id: message.id };
  throw new DiscordRefusal("Discord answered without a message id.", { retryable: true });
}

/** After this the interaction has been deferred, or never will be: Discord gives three seconds. */
const deferMsMax = 5_000;
