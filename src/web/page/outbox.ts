import { signal, type ReadonlySignal } from "@preact/signals";
import { chatPaths, type MessageAnswer, type MessageRequest } from "../../channels/web-chat/api.ts";
import { pageLimits } from "./limits.ts";
import { messageId } from "./message-id.ts";
import { callServer, type ServerAnswer } from "./server/call-server.ts";
import { pause, pauseUntilPromising, retryPauseMs } from "./server/pause.ts";
import { createStoredText } from "./stored-text.ts";

/** A message on its way to the server. It keeps its id however often it is sent, so it is kept once. */
export type Outgoing = MessageRequest & { readonly state: OutgoingState };

export type OutgoingState =
  | { readonly kind: "sending" }
  /** On the server's disk: it will be answered. */
  | { readonly kind: "kept" }
  /** Not known to have arrived; sent again at `atMs`. */
  | { readonly kind: "retrying"; readonly atMs: number }
  /** Too many messages; sent again at `atMs`. */
  | { readonly kind: "limited"; readonly atMs: number; readonly sentence: string }
  /** Waits until the server knows us again. */
  | { readonly kind: "held" }
  /** The server will not take it. */
  | { readonly kind: "refused"; readonly sentence: string };

/** Messages that the transcript does not show yet. They outlive a reload, not the tab. */
export type Outbox = {
  readonly items: ReadonlySignal<readonly Outgoing[]>;
  /** Sends after all before it are kept. False when too many wait already. */
  add(text: string): boolean;
  /** Sends at once, overtaking all others. */
  addUrgent(text: string): void;
  /** Takes an item out: the transcript shows it, or the person takes it back. */
  remove(id: string): void;
  /** Sends now what is held or waits for its next try. */
  resume(): void;
};

/** `onUnknown`: the server does not know us; `resume` when it does. */
export function createOutbox(onUnknown: () => void, signal: AbortSignal): Outbox {
  const { items, change } = storedItems();
  const waits = new Map<string, AbortController>();
  let running = false;

  async function send(item: Outgoing): Promise<void> {
    const state = await deliver(item, { isWanted, mark, wait }, signal);
    if (state === "held") onUnknown();
  }

  async function sendAll(): Promise<void> {
    if (running) return;
    running = true;
    for (let next = firstUnsent(items.value); next; next = firstUnsent(items.value)) await send(next);
    running = false;
  }

  function isWanted(id: string): boolean {
    return items.value.some((item) => item.id === id);
  }

  function mark(id: string, state: OutgoingState): void {
    change(items.value.map((item) => (item.id === id ? { ...item, state } : item)));
  }

  /** Ends early by `remove` and `resume`. */
  async function wait(id: string, state: Waiting): Promise<void> {
    const hurry = new AbortController();
    waits.set(id, hurry);
    const ms = state.atMs - Date.now();
    const end = AbortSignal.any([signal, hurry.signal]);
    await (state.kind === "limited" ? pause(ms, end) : pauseUntilPromising(ms, end)).catch(() => {});
    waits.delete(id);
    signal.throwIfAborted();
  }

  function put(text: string): Outgoing {
    const item: Outgoing = { id: messageId(), text, state: { kind: "sending" } };
    change([...items.value, item]);
    return item;
  }

  return {
    items,
    add(text) {
      if (items.value.length >= pageLimits.outboxMax) return false;
      put(text);
      void sendAll();
      return true;
    },
    addUrgent: (text) => void send(put(text)),
    remove(id) {
      if (isWanted(id)) change(items.value.filter((item) => item.id !== id));
      waits.get(id)?.abort();
    },
    resume() {
      for (const { id, state } of items.value) if (state.kind === "held") mark(id, { kind: "sending" });
      for (const hurry of waits.values()) hurry.abort();
      void sendAll();
    },
  };
}

type Waiting = Extract<OutgoingState, { readonly atMs: number }>;

type Desk = {
  isWanted(id: string): boolean;
  mark(id: string, state: OutgoingState): void;
  wait(id: string, state: Waiting): Promise<void>;
};

/** Sends one message, always with the same id, until it is kept, refused or held, or nobody wants it any more. */
async function deliver({ id, text }: Outgoing, desk: Desk, signal: AbortSignal): Promise<OutgoingState["kind"]> {
  for (let failures = 1; desk.isWanted(id); failures += 1) {
    desk.mark(id, { kind: "sending" });
    const answer = await callServer<MessageAnswer>(chatPaths.messages, { id, text } satisfies MessageRequest, signal);
    const state = stateAfter(answer, failures);
    desk.mark(id, state);
    if (!("atMs" in state)) return state.kind;
    await desk.wait(id, state);
  }
  return "refused";
}

function stateAfter(answer: ServerAnswer<MessageAnswer>, failures: number): OutgoingState {
  if (answer.kind === "done") return { kind: "kept" };
  if (answer.kind === "unreachable") return { kind: "retrying", atMs: Date.now() + retryPauseMs(failures) };
  const { status, sentence, retryAfterMs } = answer;
  const atMs = Date.now() + retryPauseMs(failures, retryAfterMs);
  if (status === 429) return { kind: "limited", atMs, sentence };
  if (status >= 500) return { kind: "retrying", atMs };
  return status === 401 ? { kind: "held" } : { kind: "refused", sentence };
}

function firstUnsent(items: readonly Outgoing[]): Outgoing | undefined {
  const next = items.find(({ state }) => state.kind !== "kept" && state.kind !== "refused");
  return next?.state.kind === "held" ? undefined : next; // what comes after it would be held too
}

function storedItems() {
  const stored = createStoredText("page", "parley.outbox");
  const items = signal<readonly Outgoing[]>(readItems(stored.read()));
  return {
    items,
    change(next: readonly Outgoing[]): void {
      items.value = next;
      const unsent = next.filter(({ state }) => state.kind !== "kept");
      stored.write(unsent.length > 0 ? JSON.stringify(unsent) : "");
    },
  };
}

/** They are sent when the server is found: a state from before the reload says nothing. */
function readItems(stored: string | undefined): readonly Outgoing[] {
  try {
    const items = JSON.parse(stored ?? "[]") as readonly Outgoing[];
    return items.map(({ id, text }) => ({ id, text, state: { kind: "sending" } }));
  } catch {
    return [];
  }
}
