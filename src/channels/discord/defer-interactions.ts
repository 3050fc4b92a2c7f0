import { LRUCache } from "lru-cache";
import { setTimeout as pause } from "node:timers/promises";
import { failpoint } from "../../conversation/domain/failpoint.ts";
import type { ChannelMessage } from "../../conversation/domain/message.ts";
import { say } from "../../conversation/domain/words/say.ts";
import type { Receipt } from "../../conversation/ports/channel.ts";
import { type InteractionAddress, readAddress } from "./discord-address.ts";
import type { DiscordRest } from "./discord-rest.ts";
import { isAnswered, readError } from "./read-error.ts";

type Deferrals = {
  /** Tells Discord that the answer will come: it gives three seconds for that. Nothing for a message that is no interaction. */
  defer(message: ChannelMessage): void;
  /** Resolves when that is done, or was given up; undefined when this process did not do it. */
  deferred(interactionId: string): Promise<void> | undefined;
  /** Ends the wait for an answer with this sentence. */
  refuse(message: ChannelMessage, sentence: string): void;
  /** Ends the wait for an answer that will not come. */
  received(message: ChannelMessage | undefined, receipt: Receipt | undefined): void;
};

/** Keeps the platform's "thinking…" true. */
export function deferInteractions(rest: DiscordRest, report: (what: string, error: unknown) => void): Deferrals {
  const deferrals = new LRUCache<string, Promise<void>>({ max: 1_000 });

  return {
    defer(message) {
      const address = readAddress(message.address);
      if (address.kind !== "interaction") return;
      const done = acknowledge(address).then(() => failpoint("deferred", message));
      deferrals.set(address.id, Promise.race([done, pause(deferMsMax, undefined, { ref: false })]));
    },
    deferred: (interactionId) => deferrals.get(interactionId),
    refuse,
    received(message, receipt) {
      if (!message || receipt?.kind === "kept" || receipt?.kind === "known") return;
      // A refusal is said in the room; only what says "thinking…" must not go on saying it.
      const address = readAddress(message.address);
      if (receipt && address.kind === "interaction" && address.pressedId) return;
      refuse(message, receipt?.sentence ?? say(message.language, "refusals.notTaken"));
    },
  };

  function refuse(message: ChannelMessage, sentence: string): void {
    const address = readAddress(message.address);
    if (address.kind === "interaction") void tell(address, sentence);
  }

  async function acknowledge({ id, token, pressedId, aside }: InteractionAddress): Promise<void> {
    try {
      const answer = { type: deferredAnswer, data: { flags: aside?.isPrivate ? ephemeral : 0 } };
      const body = pressedId ? { type: deferredUpdate } : answer;
      await rest.call("POST", `/interactions/${id}/${token}/callback`, { body, anonymous: true, once: true });
    } catch (error) {
      const refusal = readError(error);
      if (!isAnswered(refusal)) report("deferring the answer to an interaction of Discord", refusal);
    }
  }

  async function tell({ id, applicationId, token, pressedId }: InteractionAddress, content: string): Promise<void> {
    await deferrals.get(id);
    const webhook = `/webhooks/${applicationId}/${token}` as const;
    const body = { content, allowed_mentions: { parse: [] } };
    const told = pressedId
      ? rest.call("POST", webhook, { body: { ...body, flags: ephemeral }, anonymous: true, once: true })
      : rest.call("PATCH", `${webhook}/messages/@original`, { body, anonymous: true });
    await told.catch((error: unknown) => report("refusing an interaction of Discord", error));
  }
}

const deferredAnswer = 5;
const deferredUpdate = 6;
const ephemeral = 1 << 6;
const deferMsMax = 3_000;
