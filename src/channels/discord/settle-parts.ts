import { LRUCache } from "lru-cache";
import type { Turn } from "../../conversation/domain/turn.ts";
import { asideOf, type DiscordAddress } from "./discord-address.ts";
import type { DiscordRest, HistoryMessage } from "./discord-rest.ts";
import { nonceOf } from "./nonce-of.ts";
import { readError } from "./read-error.ts";

export type SettlingOptions = {
  /** Whether rooms are read at all. */
  readonly settle: boolean;
  /** Told of each part that is sent although it may stand there already. */
  readonly onUnsettled: (facts: { readonly room: string }) => void;
  readonly nonceMs: number;
};

/** Looks for parts of a turn that were sent without our learning of it. A young nonce settles them by itself; this is for what comes later. */
export type PartSearch = {
  /**
   * Remembers which parts an earlier attempt has left, once for each attempt, as early as something is to be shown: Discord forgets their
   * nonces while the model thinks.
   *
   * @throws DiscordRefusal
   */
  lookAround(shown: readonly string[]): Promise<void>;
  /**
   * The message that shows this part already, if an earlier attempt may have sent it so long ago that Discord has forgotten the
   * nonce.
   *
   * @throws DiscordRefusal
   */
  find(part: Part): Promise<HistoryMessage | undefined>;
  /** Parts that an earlier attempt sent below those that are known, as far as their nonces tell. */
  strays(shown: readonly string[]): Promise<readonly string[]>;
  /** The part with this nonce may have arrived, or not. */
  doubt(nonce: string): void;
};

export type Part = {
  /** The parts that are known. */
  readonly shown: readonly string[];
  readonly nonce: string;
  readonly content: string;
};

/** @returns what begins a search, once for each time that a turn is shown: the room is read at most once in it */
export function settleParts(
  rest: DiscordRest,
  { settle, onUnsettled, nonceMs }: SettlingOptions,
): (turn: Turn, address: DiscordAddress) => PartSearch {
  const seenAtMs = new LRUCache<string, number>({ max: 10_000 });
  const doubtedAtMs = new LRUCache<string, number>({ max: 10_000 });
  /** What each attempt has seen of the turn's parts, by their nonces. */
  const remembered = new LRUCache<string, Map<string, HistoryMessage>>({ max: 1_000 });

  return (turn, address) => {
    const attempt = `${turn.id}/${turn.attempt}`;
    const claimedAtMs = seenAtMs.get(attempt) ?? performance.now();
    seenAtMs.set(attempt, claimedAtMs);
    const isReadable = settle && !asideOf(address);
    let reading: Promise<readonly HistoryMessage[] | undefined> | undefined;

    const mayBeForgotten = (nonce: string) => {
      // What a token sends has no nonce.
      if (asideOf(address)) return turn.attempt > 1 || doubtedAtMs.has(nonce);
      const ageMs = turn.ageMs + performance.now() - claimedAtMs;
      const doubtMs = performance.now() - (doubtedAtMs.get(nonce) ?? performance.now());
      return (turn.attempt > 1 && ageMs > nonceMs) || doubtMs > nonceMs;
    };
    const remember = (messages: readonly HistoryMessage[] = []) => {
      const named = messages.flatMap((message) => (message.nonce ? [[String(message.nonce), message] as const] : []));
      remembered.set(attempt, new Map([...(remembered.get(attempt) ?? []), ...named]));
    };
    const recall = (nonce: string) => remembered.get(attempt)?.get(nonce);
    return {
      async lookAround(shown) {
        if (!isReadable || turn.attempt === 1 || remembered.has(attempt)) return;
        remember(await (reading ??= readOwn(rest, turn, address, shown)));
      },
      async find(part) {
        const known = recall(part.nonce);
        if (known && !part.shown.includes(known.id)) return known;
        if (!mayBeForgotten(part.nonce)) return undefined;
        if (isReadable) reading ??= readOwn(rest, turn, address, part.shown);
        const own = (await reading)?.filter(({ id }) => !part.shown.includes(id));
        const found = own?.find((message) => isIt(message, part, address));
        if (!found && (!own || own.some(couldBeIt))) onUnsettled({ room: turn.message.room });
        return found;
      },
      async strays(shown) {
        const last = shown.at(-1);
        const nonceBelow = (strays: readonly string[]) => nonceOf(turn, shown.length + strays.length, undefined);
        const mayBeThere = turn.attempt > 1 || doubtedAtMs.has(nonceBelow([]));
        if (!isReadable || !mayBeThere || last === undefined) return [];
        remember(await readable(() => rest.history(address.channelId, { after: last, limit: pageLength })));
        const strays: string[] = [];
        for (;;) {
          const stray = recall(nonceBelow(strays));
          if (!stray) return strays;
          strays.push(stray.id);
        }
      },
      doubt(nonce) {
        if (!doubtedAtMs.has(nonce)) doubtedAtMs.set(nonce, performance.now());
      },
    };
  };
}

/** Our own messages that can be parts of this turn, oldest first; undefined when they cannot be found out. */
async function readOwn(
  rest: DiscordRest,
  turn: Turn,
  address: DiscordAddress,
  shown: readonly string[],
): Promise<readonly HistoryMessage[] | undefined> {
  const botId = turn.message.room.split("/")[0];
  const own: HistoryMessage[] = [];
  let after = newest([questionOf(address), turn.after, shown.at(-1)]);
  for (let page = 0; page < pagesMax; page++) {
    const from = after;
    const messages = await readable(() => rest.history(address.channelId, { after: from, limit: pageLength }));
    if (!messages) return undefined;
    own.push(...messages.filter((message) => message.author.id === botId && canBePart(message, address)));
    after = messages.at(-1)?.id ?? after;
    if (messages.length < pageLength) return own;
  }
  return undefined;
}

/** @returns undefined where the bot may not read */
async function readable(
  read: () => Promise<readonly HistoryMessage[]>,
): Promise<readonly HistoryMessage[] | undefined> {
  try {
    return await read();
  } catch (error) {
    const refusal = readError(error);
    if (refusal.retryable) throw refusal;
    return undefined;
  }
}

/** By its nonce, while that is there; else as the only answer to the question, or by its words. */
function isIt(message: HistoryMessage, { nonce, content, shown }: Part, address: DiscordAddress): boolean {
  if (message.nonce !== undefined) return message.nonce === nonce;
  const answered = message.message_reference?.message_id ?? message.interaction_metadata?.id;
  if (answered === undefined) return message.content.trim() === content;
  return shown.length === 0 && answered === questionOf(address) && message.content !== "";
}

/** A part of a draft that has grown since cannot be told from anything else that the bot has said here. */
function couldBeIt({
  nonce,
  message_reference: reference,
  interaction_metadata: interaction,
}: HistoryMessage): boolean {
  return nonce === undefined && !reference && !interaction;
}

/** A message of the bot's own; of the answers to interactions only that to this one. */
function canBePart({ type, webhook_id, interaction_metadata }: HistoryMessage, address: DiscordAddress): boolean {
  const isPlain = webhook_id === undefined && (type === plainMessage || type === replyMessage);
  return isPlain || (interaction_metadata !== undefined && interaction_metadata.id === questionOf(address));
}

function questionOf(address: DiscordAddress): string {
  return address.kind === "message" ? address.messageId : address.id;
}

function newest(ids: readonly (string | undefined)[]): string {
  const numbers = ids.flatMap((id) => (id && /^\d+$/.test(id) ? BigInt(id) : []));
  return String(numbers.reduce((a, b) => (a > b ? a : b), 0n));
}

const pageLength = 100;
const pagesMax = 5;
const plainMessage = 0;
const replyMessage = 19;
