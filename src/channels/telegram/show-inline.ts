import type { Api } from "grammy";
import type { MessageEntity } from "grammy/types";
import { LRUCache } from "lru-cache";
import { ChannelError } from "../../conversation/domain/errors.ts";
import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { Reply } from "../../conversation/domain/reply.ts";
import type { Turn } from "../../conversation/domain/turn.ts";
import { say } from "../../conversation/domain/words/say.ts";
import type { Hold } from "../../conversation/ports/channel.ts";
import type { Pauses } from "../share-pauses.ts";
import { inOrder } from "./in-order.ts";
import type { InlineAddress } from "./inline-address.ts";
import { writeToBot } from "./offer-answer.ts";
import { quietMentions } from "./quiet-mentions.ts";
import { readError } from "./read-error.ts";
import { partCharsMax } from "./split-reply.ts";
import { writeReply } from "./write-reply.ts";

/** Shows a reply as one message in a chat that we are no member of. */
export type InlineShower = (turn: Turn, address: InlineAddress, reply: Reply, hold: Hold) => Promise<readonly string[]>;

type Content = { readonly text: string; readonly entities: MessageEntity[] };

/**
 * Makes it. A message that a person sent through us is there before the answer and is edited, which is safe to repeat. A guest's query is
 * answered once, as soon as there is a sign of life, and that message is edited from then on. If nobody heard what became of that
 * first call, the query may be used up: then the room is gone, and the turn is parked.
 */
export function inlineShower(api: Api["raw"], pauses: Pauses): InlineShower {
  /** By turn: the message that answers a guest, until it is noted. */
  const sent = new LRUCache<string, string>({ max: 5_000 });
  const lanes = inOrder();

  const call = async (turn: Turn, hold: Hold, request: () => Promise<unknown>) => {
    const { room } = turn.message;
    const waitMs = pauses.leftMs(room);
    if (waitMs > 0) throw new ChannelError("Telegram asked for a pause", { retryable: true, retryAfterMs: waitMs });
    hold.check();
    try {
      await request();
      return "done";
    } catch (error) {
      const refusal = readError(error);
      if (refusal.kind === "already") return "done";
      if (refusal.kind === "formatting") return "formatting";
      if (!("error" in refusal)) throw new ChannelError(`the message is gone (${refusal.kind})`, { retryable: false });
      if (refusal.error.retryAfterMs > 0) pauses.begin(room, refusal.error.retryAfterMs);
      throw refusal.error;
    }
  };
  const deliver = async (turn: Turn, address: InlineAddress, hold: Hold, content: Content) => {
    const id = knownId(turn, address) ?? sent.get(turn.id);
    const keyboard = "botName" in address ? { reply_markup: writeToBot(address.botName, turn.message.language) } : {};
    return await call(turn, hold, async () => {
      if (id !== undefined)
        return await api.editMessageText({ inline_message_id: id, ...content, ...quiet, ...keyboard });
      const { guestQueryId } = address as Extract<InlineAddress, { guestQueryId: string }>;
      const answer = await api.answerGuestQuery({ guest_query_id: guestQueryId, result: articleOf(content) });
      sent.set(turn.id, answer.inline_message_id);
    });
  };

  return async (turn, address, reply, hold) => {
    const shownNow = () => [knownId(turn, address) ?? sent.get(turn.id) ?? []].flat();
    const content = contentOf(reply, address, turn.message);
    if (content.text === "" && (reply.end !== undefined || shownNow().length > 0)) return shownNow();
    return await lanes.run(turn.id, async () => {
      if (content.text === "" && shownNow().length > 0) return shownNow();
      const words = content.text === "" ? { text: "💭", entities: [] } : content;
      if ((await deliver(turn, address, hold, words)) === "formatting")
        await deliver(turn, address, hold, { text: words.text, entities: [] });
      return shownNow();
    });
  };
}

/** Telegram would fetch the links' previews, and a URL in a model's text can carry data out. */
const quiet = { link_preview_options: { is_disabled: true } };

function knownId({ shown }: Turn, address: InlineAddress): string | undefined {
  return "inlineMessageId" in address ? address.inlineMessageId : shown[0];
}

function articleOf({ text, entities }: Content) {
  const input_message_content = { message_text: text, entities, ...quiet };
  return { type: "article" as const, id: "answer", title: "Answer", input_message_content };
}

/** One message is all there is. The answer stands under its question where it takes the question's place. */
function contentOf(reply: Reply, address: InlineAddress, message: ChannelMessage): Content {
  const { buttons: _, file: __, ...words } = reply;
  const asked = "inlineMessageId" in address && words.text ? `${message.text.replace(/^/gm, "> ")}\n\n` : "";
  const [first, ...rest] = writeReply({ ...words, text: asked + words.text }, message.language);
  if (!first) return { text: "", entities: [] };
  const part = quietMentions(first);
  const note = `\n\n${say(message.language, "inline.cut")}`;
  const isCut = reply.end !== undefined && rest.length > 0 && part.text.length + note.length <= partCharsMax;
  return { text: isCut ? part.text + note : part.text, entities: [...part.entities] };
}
