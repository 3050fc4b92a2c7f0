import { replyMarkdown } from "../../src/conversation/domain/reply.ts";
import type { Channel } from "../../src/conversation/ports/channel.ts";

/** What stands in the rooms, whoever looks: the platform, which outlives instances. */
export type Platform = { readonly parts: Part[] };
export type Part = { readonly id: string; readonly room: string; readonly turnId: string; index: number; text: string };

/** What may go wrong around a call, before it is made or after; both for those who died, who never hear of anything again. */
export type Faults = {
  before(): Promise<void>;
  after(): Promise<void>;
};

export const partCharsMax = 40;

/**
 * A channel with the least that the port asks for: parts of forty characters, an idempotency key for each, and a room that can
 * be read. Which calls fail, and whether before or after they had their effect, is the faults' business.
 */
export function smallRoom(platform: Platform, faults: Faults): Channel {
  const partsOf = (turnId: string) => platform.parts.filter((part) => part.turnId === turnId);

  return {
    name: "test",
    refuses: "in-room",
    receivesAlone: false,
    editIntervalMs: () => 5,
    async listen() {},
    health: () => ({ state: "connected" }),
    async show(turn, reply, note, hold) {
      if (!reply.end && !reply.text) return turn.shown;
      const texts = split(replyMarkdown(reply));
      const unknown = turn.shown.filter((id) => !partsOf(turn.id).some((part) => part.id === id));
      if (unknown.length > 0)
        throw new Error(`turn ${turn.id} was told that it shows ${unknown.join()}, which it does not`);
      for (const [index, text] of texts.entries()) {
        await faults.before();
        hold.check();
        const isNew = put(platform, { turnId: turn.id, room: turn.message.room, index, text });
        await faults.after();
        if (isNew && index < texts.length - 1) await note(idsOf(partsOf(turn.id)));
      }
      for (const extra of partsOf(turn.id).slice(texts.length)) {
        hold.check();
        platform.parts.splice(platform.parts.indexOf(extra), 1);
      }
      return idsOf(partsOf(turn.id));
    },
  };
}

/** Sends a part, or edits the one that its key names. */
function put({ parts }: Platform, { turnId, room, index, text }: Omit<Part, "id">): boolean {
  const known = parts.find((part) => part.turnId === turnId && part.index === index);
  if (known) known.text = text;
  else parts.push({ id: `${turnId}:${index}`, room, turnId, index, text });
  return !known;
}

function idsOf(parts: readonly Part[]): readonly string[] {
  return parts.map(({ id }) => id);
}

function split(text: string): readonly string[] {
  return Array.from({ length: Math.max(1, Math.ceil(text.length / partCharsMax)) }, (_, index) =>
    text.slice(index * partCharsMax, (index + 1) * partCharsMax),
  );
}

/** What the room shows, answer by answer. */
export function transcriptOf({ parts }: Platform, room: string): readonly { turnId: string; text: string }[] {
  const answers: { turnId: string; text: string }[] = [];
  for (const part of parts) {
    if (part.room !== room) continue;
    const last = answers.at(-1);
    if (last?.turnId === part.turnId) last.text += part.text;
    else answers.push({ turnId: part.turnId, text: part.text });
  }
  return answers;
}
