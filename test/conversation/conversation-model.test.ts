import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { acceptMessages } from "../../src/conversation/accept-messages.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { PromptMessage } from "../../src/conversation/ports/ai-client.ts";
import { Secret } from "../../src/secret.ts";
import { connectPostgres, type Postgres } from "../../src/store/postgres/connect-postgres.ts";
import { migrate } from "../../src/store/postgres/migrate.ts";
import { seededRandom } from "../faults/random.ts";
import { message } from "../messages.ts";
import { type FreshDatabase, freshDatabase } from "../setup/fresh-database.ts";
import { until } from "../until.ts";
import { transcriptOf } from "./small-room.ts";
import { answerTo, bring, type Instance, type Observed, startInstance } from "./small-world.ts";

// A failure prints its seed and path: give them to fc.assert to see it again. What happens at the same time is not repeated to the
// letter, so a failure may need a few tries.

/** On a slow machine the test makes do with fewer runs. */
const timeLimitMs = 20_000;
const settledWithinMs = 30_000;
const roomNames = ["a", "b"];
let database: FreshDatabase;
let postgres: Postgres;

beforeAll(async () => {
  database = await freshDatabase();
  postgres = connectPostgres({ url: new Secret(database.url), connectionsMax: 16, report() {} });
  await migrate(postgres);
});
afterAll(async () => {
  await postgres.close();
  await database.drop();
});

const chance = fc.constantFrom(0, 0.05, 0.2);
const story = fc.record({
  seed: fc.nat(),
  chances: fc.record({ store: chance, channel: chance, ai: chance }),
  /** Into which room each message is written. */
  letters: fc.array(fc.constantFrom(...roomNames), { minLength: 1, maxLength: 10 }),
  /** After which message one of the two instances is killed. */
  killAfter: fc.option(fc.nat(9), { nil: undefined }),
});

test("each accepted message is answered once and in order, from what was said before, whatever fails", async () => {
  const endsAtMs = performance.now() + timeLimitMs;
  await fc.assert(
    fc.asyncProperty(story, async ({ seed, chances, letters, killAfter }) => {
      if (performance.now() > endsAtMs) return;
      await postgres.query(
        { name: "test-reset", text: "truncate rooms, turns, messages, conversations, users cascade" },
        [],
      );
      const observed: Observed = { platform: { parts: [] }, prompts: [], saved: new Map(), violations: [] };
      const random = seededRandom(seed);
      const instances = [
        await startInstance(postgres, observed, { random, chances }),
        await startInstance(postgres, observed, { random, chances }),
      ];
      const written = letters.map((room, index) => letter(room, index));
      try {
        await Promise.all(roomNames.map((room) => writeInto(room, written, instances, { random, killAfter })));
        await until(async () => (await unfinished()) === 0, "every turn ends", settledWithinMs);
      } finally {
        await Promise.all(instances.map(({ stop }) => stop()));
      }
      expect(observed.violations).toEqual([]);
      for (const room of roomNames) {
        const ofRoom = written.filter((one) => one.room === room);
        expect(transcriptOf(observed.platform, room)).toEqual(ofRoom.map(({ id }) => answerOf(id, observed)));
      }
      for (const { message, read } of observed.prompts)
        expect(read.slice(1)).toEqual(promptOf(message, written, observed));
    }),
    { numRuns: 40 },
  );
});

function letter(room: string, index: number): ChannelMessage {
  const id = `m${index}`;
  const text = index % 5 === 4 ? "/start" : `question ${id}`; // its answer has few parts: each call may fail, and all must pass in a row
  return message({ channel: "test", room, id, text, audience: "group" });
}

type Telling = { readonly random: ReturnType<typeof seededRandom>; readonly killAfter: number | undefined };

/** One message after the other, to whichever instance the platform reaches. */
async function writeInto(
  room: string,
  written: readonly ChannelMessage[],
  [steady, mortal]: readonly Instance[],
  { random, killAfter }: Telling,
): Promise<void> {
  for (const [index, one] of written.entries()) {
    if (one.room !== room || !steady || !mortal) continue;
    await bring(() => acceptMessages([one], steady.gateway), random);
    if (index === killAfter) await mortal.kill();
  }
}

async function unfinished(): Promise<number> {
  const text = "select count(*)::integer as count from turns where state in ('waiting', 'answered')";
  const [row] = await postgres.query<{ count: number }>({ name: "test-unfinished", text }, []);
  return row?.count ?? 0;
}

/** What the room must show for a message: exactly the reply that was saved, which is the AI's, or the program's own words. */
function answerOf(id: string, { saved, violations }: Observed): { turnId: string; text: string } {
  const { turnId = "none", text = "nothing", isFromAi = false } = saved.get(id) ?? {};
  if (isFromAi && text !== answerTo(id)) violations.push(`${id} was answered with ${text}`);
  return { turnId, text };
}

/** What the AI must have read for a message: exactly the turns before it. Neighbours of one role are joined, commands are not told. */
function promptOf(id: string, written: readonly ChannelMessage[], { saved }: Observed): readonly PromptMessage[] {
  const asked = written.find((one) => one.id === id);
  const before = written.filter(({ room, text }) => room === asked?.room && !text.startsWith("/"));
  const prompt: PromptMessage[] = [];
  for (const one of before.slice(0, before.findIndex((other) => other.id === id) + 1)) {
    const last = prompt.at(-1);
    const content = `Ada: ${one.text}`;
    if (last?.role === "user") prompt[prompt.length - 1] = { role: "user", content: `${last.content}\n\n${content}` };
    else prompt.push({ role: "user", content });
    const answered = saved.get(one.id);
    if (one.id !== id && answered?.isFromAi) prompt.push({ role: "assistant", content: answered.text });
  }
  return prompt;
}
