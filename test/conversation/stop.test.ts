import { afterEach, beforeEach, expect, test } from "vitest";
import { limits } from "../../src/conversation/domain/limits.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import { Secret } from "../../src/secret.ts";
import { connectPostgres } from "../../src/store/postgres/connect-postgres.ts";
import { seededRandom } from "../faults/random.ts";
import { message } from "../messages.ts";
import { openTestStore, type TestStore } from "../setup/open-test-store.ts";
import { until } from "../until.ts";
import { type Observed, startInstance } from "./small-world.ts";

const leaseMs = 10_000;
let store: TestStore;

beforeEach(async () => {
  store = await openTestStore();
});
afterEach(() => store.drop());

const said = (given: Partial<ChannelMessage>) => message({ channel: "test", ...given });
const stop = (given: Partial<ChannelMessage> = {}) =>
  store.inbox.keep([{ kind: "stop", message: said({ id: "stop", text: "/stop", ...given }), turnsMax: 100 }]);
const claim = async () => {
  const [claimed] = await store.inbox.claim(1, leaseMs);
  if (!claimed) throw new Error("there was nothing to claim");
  return claimed.turn;
};
/** Lets an instance do all that waits, and tells what it said to each message. */
const workOff = async (): Promise<Observed["saved"]> => {
  const observed: Observed = { platform: { parts: [] }, prompts: [], saved: new Map(), violations: [] };
  const postgres = connectPostgres({ url: new Secret(store.url), connectionsMax: 4, report() {} });
  const instance = await startInstance(postgres, observed, {
    random: seededRandom(1),
    chances: { store: 0, channel: 0, ai: 0 },
    more: { answerMsMax: limits.answerMsMax, leaseMs },
  });
  const entries = () => store.transcripts.recent("test", "room", 20);
  await until(
    async () => (await entries()).every(({ state }) => state !== "waiting" && state !== "answered"),
    "all is done",
    10_000,
  );
  await instance.stop();
  await postgres.close();
  return observed.saved;
};

test("a button that comes too late says nothing: the answer above it shows that it has ended", async () => {
  await store.inbox.keep([{ kind: "question", message: said({ id: "q" }), whenFull: { turnsMax: 100 } }]);
  const turn = await claim();
  await store.inbox.answered(turn, { text: "an answer", end: "complete" });
  await store.inbox.delivered(turn, []);
  await stop({ about: { kind: "pressed", turnId: turn.id } });
  await stop({ id: "written" });
  const saved = await workOff();
  expect(saved.get("stop")?.text).toBe("");
  expect(saved.get("written")?.text).toMatch(/nothing to stop/);
});

test("a question that is taken back is erased, also when somebody says /stop meanwhile", async () => {
  await store.inbox.keep([
    { kind: "question", message: said({ id: "q", text: "a secret" }), whenFull: { turnsMax: 100 } },
  ]);
  const asked = await claim();
  await store.inbox.answered(asked, { text: "it is a secret", end: "complete" });
  await store.inbox.delivered(asked, []);
  const about = { kind: "deleted", messageId: "q" } as const;
  const deletion = said({ id: "delete:q", text: "", about });
  await store.inbox.keep([{ kind: "revision", message: deletion, messageId: "q", withinMs: null }]);
  await store.inbox.putBack(await claim(), 0, "begun, and to be begun again");
  await stop();
  expect((await workOff()).get("delete:q")?.text).toBe("");
  expect(JSON.stringify(await store.transcripts.recent("test", "room", 20))).not.toContain("secret");
});
