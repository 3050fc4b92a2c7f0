import { LRUCache } from "lru-cache";
import { setTimeout as pause } from "node:timers/promises";
import type { ChannelMessage } from "../../conversation/domain/message.ts";
import type { Receipt } from "../../conversation/ports/channel.ts";
import { type DiscordAddress, readAddress } from "./discord-address.ts";
import type { DiscordRest } from "./discord-rest.ts";
import { isAnswered, readError } from "./read-error.ts";

type Deferrals = {
  /** Tells Discord that the answer will come: it gives three seconds for that. Nothing for a message that is no interaction. */
  defer(message: ChannelMessage): void;
  /** Resolves when that is done, or was given up; undefined when this process did not do it. */
  deferred(interactionId: string): Promise<void> | undefined;
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
      const done = tell(address);
      deferrals.set(address.id, Promise.race([done, pause(deferMsMax, undefined, { ref: false })]));
    },
    deferred: (interactionId) => deferrals.get(interactionId),
    received(message, receipt) {
      if (!message || receipt?.kind === "kept" || receipt?.kind === "known") return;
      const address = readAddress(message.address);
      if (address.kind === "interaction") void say(address, receipt?.sentence ?? notTaken);
    },
  };

  async function tell({ id, token }: Interaction): Promise<void> {
    try {
      const body = { type: deferredAnswer };
      await rest.call("POST", `/interactions/${id}/${token}/callback`, { body, anonymous: true, once: true });
    } catch (error) {
      const refusal = readError(error);
      if (!isAnswered(refusal)) report("deferring the answer to a slash command", refusal);
    }
  }

  async function say({ id, applicationId, token }: Interaction, content: string): Promise<void> {
    await deferrals.get(id);
    const body = { content, allowed_mentions: { parse: [] } };
    await rest
      .call("PATCH", `/webhooks/${applicationId}/${token}/messages/@original`, { body, anonymous: true })
      .catch((error: unknown) => report("refusing a slash command", error));
  }
}

type Interaction = Extract<DiscordAddress, { kind: "interaction" }>;

const notTaken = "Sorry, that could not be taken. Please try again.";
const deferredAnswer = 5;
const deferMsMax = 3_000;
