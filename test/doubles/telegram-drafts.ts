import { messageFault, type GivenEntity } from "./telegram-entities.ts";
import { Refused, type Params } from "./telegram-methods.ts";

/** What a person sees of a message that is being written. */
export type Draft = {
  readonly draftId: number;
  /** Empty: "Thinking…". */
  readonly text: string;
  readonly entities: readonly GivenEntity[];
  readonly canStop: boolean;
  readonly keepOnStop: boolean;
  readonly atMs: number;
};

/** The drafts in the private chats: one at most in each, for 30 seconds at most, until a message takes its place. */
export class TelegramDrafts {
  readonly #drafts = new Map<string, Draft>();
  readonly #recentMs = new Map<number, readonly number[]>();
  readonly #hasLimits: boolean;

  constructor(hasLimits: boolean) {
    this.#hasLimits = hasLimits;
  }

  show(params: Params<"sendMessageDraft">): true {
    const { chat_id: chat, message_thread_id: thread, draft_id: draftId, text = "", entities = [] } = params;
    if (chat <= 0) throw new Refused(400, "Bad Request: TEXTDRAFT_PEER_INVALID");
    if (draftId === 0) throw new Refused(400, "Bad Request: draft identifier must be non-zero");
    const fault = text === "" ? undefined : messageFault(text, entities);
    if (fault) throw new Refused(400, `Bad Request: ${fault}`);
    this.#count(chat);
    const [canStop, keepOnStop] = [params.can_stop ?? false, params.keep_on_stop ?? false];
    this.#drafts.set(placeOf(chat, thread), { draftId, text, entities, canStop, keepOnStop, atMs: Date.now() });
    return true;
  }

  in(chat: number, thread: number | undefined): Draft | undefined {
    const draft = this.#drafts.get(placeOf(chat, thread));
    return draft && Date.now() - draft.atMs < lastsMs ? draft : undefined;
  }

  end(chat: number, thread: number | undefined): void {
    this.#drafts.delete(placeOf(chat, thread));
  }

  /** Telegram tells no figure; more than a few a second look like a flood. */
  #count(chat: number): void {
    const nowMs = Date.now();
    const recent = (this.#recentMs.get(chat) ?? []).filter((atMs) => atMs > nowMs - 1_000);
    this.#recentMs.set(chat, [...recent, nowMs]);
    if (this.#hasLimits && recent.length >= perSecondMax)
      throw new Refused(429, "Too Many Requests: retry after 1", { retry_after: 1 });
  }
}

const lastsMs = 30_000;
const perSecondMax = 4;

function placeOf(chat: number, thread: number | undefined): string {
  return `${chat}/${thread ?? ""}`;
}
