import { messageFault, type GivenEntity } from "./telegram-entities.ts";
import { checkKeyboard, type Keyboard } from "./telegram-keyboard.ts";
import { Refused, type Params } from "./telegram-methods.ts";

/** What the bot offered for an inline query. */
export type Offer = Params<"answerInlineQuery">;

/** A message that stands in a chat which the bot does not know. */
export type InlineMessage = {
  readonly text: string;
  readonly entities: readonly GivenEntity[];
  readonly buttons: Keyboard;
  readonly edits: number;
};

type Result = Offer["results"][number];

/** Chats that the bot is no member of: what people ask it there, and what it can write. */
export class TelegramInline {
  /** By the query's id. */
  readonly offers = new Map<string, Offer>();
  readonly messages = new Map<string, InlineMessage>();
  readonly #askedMs = new Map<string, number>();
  readonly #guests = new Set<string>();
  #last = 0;

  ask(): string {
    const id = this.#newId("query");
    this.#askedMs.set(id, Date.now());
    return id;
  }

  /** A query that can be answered once, by a message. */
  summon(): string {
    const id = this.#newId("guest");
    this.#guests.add(id);
    return id;
  }

  offer(offer: Offer): true {
    const askedMs = this.#askedMs.get(offer.inline_query_id);
    if (askedMs === undefined || Date.now() - askedMs > queryMs)
      throw new Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid");
    if (offer.results.length > 50) throw new Refused(400, "Bad Request: RESULTS_TOO_MUCH");
    for (const result of offer.results) check(result);
    this.offers.set(offer.inline_query_id, offer);
    return true;
  }

  /** A person sends what was offered first. Without a keyboard the bot is told no id. */
  choose(queryId: string): { readonly result_id: string; readonly inline_message_id?: string } {
    const result = this.offers.get(queryId)?.results[0];
    if (!result) throw new Error("nothing was offered");
    const id = this.#post(result);
    return { result_id: result.id, ...(result.reply_markup && { inline_message_id: id }) };
  }

  answerGuest({ guest_query_id: id, result }: Params<"answerGuestQuery">) {
    if (!this.#guests.has(id)) throw new Refused(400, "Bad Request: QUERY_ID_INVALID");
    check(result);
    this.#guests.delete(id);
    return { inline_message_id: this.#post(result) };
  }

  edit(id: string, { text, entities = [], reply_markup }: Params<"editMessageText">): true {
    const message = this.messages.get(id);
    if (!message) throw new Refused(400, "Bad Request: MESSAGE_ID_INVALID");
    const fault = messageFault(text, entities);
    if (fault) throw new Refused(400, `Bad Request: ${fault}`);
    const after = { text, entities, buttons: checkKeyboard(reply_markup) };
    const { edits, ...before } = message;
    if (JSON.stringify(before) === JSON.stringify(after))
      throw new Refused(400, "Bad Request: message is not modified");
    this.messages.set(id, { ...after, edits: edits + 1 });
    return true;
  }

  #post({ input_message_content: content, reply_markup }: Result): string {
    const id = this.#newId("inline");
    const { message_text: text, entities = [] } = content;
    this.messages.set(id, { text, entities, buttons: checkKeyboard(reply_markup), edits: 0 });
    return id;
  }

  #newId(kind: string): string {
    this.#last += 1;
    return `${kind}-${this.#last}`;
  }
}

/** Telegram tells no figure; people saw 400 after about ten seconds. */
const queryMs = 10_000;

function check({ id, title, input_message_content: content, reply_markup }: Result): void {
  if (Buffer.byteLength(id) < 1 || Buffer.byteLength(id) > 64) throw new Refused(400, "Bad Request: RESULT_ID_INVALID");
  if (title.trim() === "") throw new Refused(400, "Bad Request: ARTICLE_TITLE_EMPTY");
  const fault = messageFault(content.message_text, content.entities ?? []);
  if (fault) throw new Refused(400, `Bad Request: ${fault}`);
  checkKeyboard(reply_markup);
}
