import { acceptMessages } from "../../src/conversation/accept-messages.ts";
import { ChannelError } from "../../src/conversation/domain/errors.ts";
import { type Limits, limits } from "../../src/conversation/domain/limits.ts";
import type { Attachment, AttachmentKind, ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { AiClient, AiEnd, Prompt } from "../../src/conversation/ports/ai-client.ts";
import type { Channel } from "../../src/conversation/ports/channel.ts";
import type { Gateway } from "../../src/conversation/ports/gateway.ts";
import type { Model } from "../../src/conversation/ports/model-catalogue.ts";
import type { Transcriber } from "../../src/conversation/ports/transcriber.ts";
import { workInbox } from "../../src/conversation/work-inbox.ts";
import { documentReader } from "../../src/documents/document-reader.ts";
import { message } from "../messages.ts";
import { openTestStore, type TestStore } from "../setup/open-test-store.ts";
import { until } from "../until.ts";
import { type Faults, smallRoom, type Platform, transcriptOf } from "./small-room.ts";
import { silentJournal } from "./small-world.ts";

/** A room in which things are sent, on a real database. What is not readonly may be changed while it is open. */
export type OpenRoom = {
  readonly store: TestStore;
  /** What the platform gives out, by the name of the attachment. An error is thrown as often as it stands there. */
  readonly files: Map<string, Uint8Array | ChannelError>;
  /** How often each was fetched. */
  readonly fetched: string[];
  readonly prompts: Prompt[];
  /** What operators are told has failed. */
  readonly failures: string[];
  /** Each sign as the platform came to show it, or to take it away: "queued id". */
  readonly marks: string[];
  /** A sign is shown only when this has resolved; taken away it is at once. */
  noting: Promise<void>;
  /** What the platform says to everything that is shown. */
  refusal: ChannelError | undefined;
  models: readonly Model[];
  answer: AiClient["stream"];
  /** Writes, and waits for nothing. */
  write(given: Partial<ChannelMessage>): Promise<void>;
  /** Writes, waits for the answer, and returns what the room shows for it. */
  ask(given: Partial<ChannelMessage>): Promise<string>;
  /** The answers that stand in a room. */
  shows(room: string): readonly string[];
  close(): Promise<void>;
};

type Opening = {
  readonly transcriber?: Transcriber;
  readonly limits?: Partial<Limits>;
  /** What has happened before the work begins. */
  readonly before?: (store: TestStore) => Promise<void>;
};

export async function openRoom(given: Opening = {}): Promise<OpenRoom> {
  const store = await openTestStore();
  await given.before?.(store);
  const platform: Platform = { parts: [] };
  const [taking, holding] = [new AbortController(), new AbortController()];
  const room: Omit<OpenRoom, "write" | "ask" | "shows" | "close"> = {
    store,
    files: new Map(),
    fetched: [],
    prompts: [],
    failures: [],
    marks: [],
    noting: Promise.resolve(),
    refusal: undefined,
    models: [{ id: "small" }],
    async *answer() {
      yield { text: "I see." };
      yield { end: "complete", model: "small" } satisfies AiEnd;
    },
  };
  const gateway: Gateway = {
    ...store,
    channels: new Map([
      ["test", { ...smallRoom(platform, faultsOf(room)), fetch: fetchFrom(room), mark: markIn(room) }],
    ]),
    ai: {
      stream(prompt, signal) {
        room.prompts.push(prompt);
        return room.answer(prompt, signal);
      },
    },
    ...(given.transcriber && { transcriber: given.transcriber }),
    documents: documentReader(),
    models: { list: async () => room.models, resolve: async (name) => ({ kind: "unverified", model: name }) },
    journal: { ...silentJournal, failed: (what) => void room.failures.push(what) },
    house: { model: async () => "small", instructions: "Be brief.", personas: [] },
    limits: { ...limits, backoffMs: 10, backoffMsMax: 20, sweepMs: 20, ...given.limits },
  };
  const working = workInbox(gateway, { taking: taking.signal, holding: holding.signal });

  return Object.assign(room, {
    async write(written: Partial<ChannelMessage>) {
      await acceptMessages([message({ channel: "test", ...written })], gateway);
    },
    async ask(asked: Partial<ChannelMessage>) {
      const one = message({ channel: "test", ...asked });
      await acceptMessages([one], gateway);
      const recent = () => store.transcripts.recent("test", one.room, 20);
      const ended = async () =>
        (await recent()).find(({ message, state }) => message.id === one.id && state === "delivered");
      const { turnId } = await until(ended, "it is answered", 30_000);
      return transcriptOf(platform, one.room).find((answer) => answer.turnId === turnId)?.text ?? "";
    },
    shows: (name: string) => transcriptOf(platform, name).map(({ text }) => text),
    async close() {
      taking.abort("shutdown");
      await working;
      await store.drop();
    },
  });
}

/** What a person sends; it is fetched by its name. */
export function sent(kind: AttachmentKind, name: string, more: Partial<Attachment> = {}): Attachment {
  return { kind, name, source: { file: name }, ...more };
}

function fetchFrom({ files, fetched }: Pick<OpenRoom, "files" | "fetched">) {
  return async ({ name }: Attachment, bytesMax: number): Promise<Uint8Array> => {
    fetched.push(name);
    const file = files.get(name) ?? new ChannelError("it is gone", { retryable: false });
    if (file instanceof ChannelError) throw file;
    if (file.length > bytesMax) throw new ChannelError("it is too large", { retryable: false });
    return file;
  };
}

function faultsOf(room: Pick<OpenRoom, "refusal">): Faults {
  return {
    async before() {
      if (room.refusal) throw room.refusal;
    },
    async after() {},
  };
}

function markIn(room: Pick<OpenRoom, "marks" | "noting">): NonNullable<Channel["mark"]> {
  return async ({ id }, mark) => {
    if (mark === "queued") await room.noting;
    room.marks.push(`${mark} ${id}`);
  };
}
