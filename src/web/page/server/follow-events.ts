import { chatLimits, chatPaths, type ChatEvents } from "../../../channels/web-chat/api.ts";
import { readRefusal, type ServerAnswer } from "./call-server.ts";
import { pauseUntilPromising, retryPauseMs } from "./pause.ts";
import { readEvents, type ServerEvent } from "./read-events.ts";

export type EventListener = {
  heard(event: ChatEvent): void;
  /** The connection is gone; it is tried again until something is heard. */
  lost(): void;
};

export type ChatEvent = {
  readonly [N in keyof ChatEvents]: { readonly name: N; readonly value: ChatEvents[N] };
}[keyof ChatEvents];

/**
 * Follows what happens in the chat, over any number of connections, each begun where the last one ended. It reads the
 * stream by `fetch`, since an EventSource hides comments and status codes: with them a dead connection is
 * noticed by its silence, and a lost login is told from a lost network.
 *
 * Resolves when a login is needed; rejects when `signal` aborts.
 */
export async function followEvents(listener: EventListener, signal: AbortSignal): Promise<void> {
  let lastEventId = "";
  let failures = 0;
  const remember = (id: string | undefined) => {
    lastEventId = id ?? lastEventId;
    failures = 0;
  };
  for (;;) {
    const end = await followOnce(lastEventId, { ...listener, remember }, signal);
    signal.throwIfAborted();
    if (end.kind === "refused" && end.status === 401) return;
    listener.lost();
    failures += 1;
    await pauseUntilPromising(retryPauseMs(failures, end.kind === "refused" ? end.retryAfterMs : 0), signal);
  }
}

type Follower = EventListener & { remember(eventId: string | undefined): void };

async function followOnce(lastEventId: string, follower: Follower, signal: AbortSignal): Promise<ServerAnswer<void>> {
  const silence = new AbortController();
  let alarm: number | undefined;
  const stillAlive = () => {
    clearTimeout(alarm);
    alarm = window.setTimeout(() => silence.abort(), chatLimits.silenceMsMax);
  };
  stillAlive();
  try {
    const response = await fetch(chatPaths.events, {
      headers: { accept: "text/event-stream", ...(lastEventId && { "last-event-id": lastEventId }) },
      cache: "no-store",
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok) return await readRefusal(response);
    if (!response.body) return { kind: "unreachable" };
    for await (const event of readEvents(response.body, stillAlive)) {
      const known = readChatEvent(event);
      if (known) follower.heard(known);
      follower.remember(event.id);
    }
    return { kind: "done", value: undefined };
  } catch {
    return { kind: "unreachable" };
  } finally {
    clearTimeout(alarm);
    silence.abort();
  }
}

/** Undefined for what a newer server may say and this page does not know. */
function readChatEvent({ name, data }: ServerEvent): ChatEvent | undefined {
  if (name !== "turn" && name !== "draft" && name !== "status") return undefined;
  return { name, value: JSON.parse(data) };
}
