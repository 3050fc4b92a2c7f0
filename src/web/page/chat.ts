import { effect, signal, type ReadonlySignal } from "@preact/signals";
import {
  chatLimits,
  chatPaths,
  type HistoryAnswer,
  type LoginRequest,
  type SessionAnswer,
} from "../../channels/web-chat/api.ts";
import { pageLimits } from "./limits.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { createRoom, type Room } from "./room.ts";
import { callServer } from "./server/call-server.ts";
import { followEvents, type ChatEvent } from "./server/follow-events.ts";
import { pauseUntilPromising, retryPauseMs } from "./server/pause.ts";

/** The chat as the page shows it, and what a person can do with it. */
export type Chat = {
  /** Undefined until the server has answered for the first time. */
  readonly session: ReadonlySignal<SessionAnswer | undefined>;
  readonly connection: ReadonlySignal<Connection>;
  readonly room: Room;
  readonly outbox: Outbox;

  /** Asks the server to end the running answer; what is written stays. */
  stop(): void;
  /** Calls `aboutToShow` when older turns have come, just before they are in sight. */
  loadEarlier(aboutToShow: () => void): Promise<void>;
  /** The sentence that says why not; undefined when logged in. */
  logIn(token: string): Promise<string | undefined>;
  logOut(): Promise<void>;
};

/** How the page stands with the server. */
export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "lost" }
  /** Connected, but the server itself waits for something; its sentence says for what. */
  | { readonly kind: "waiting"; readonly sentence: string };

/** Opens the chat and keeps it connected until `signal` aborts. */
export function openChat(end: AbortSignal): Chat {
  const session = signal<SessionAnswer | undefined>(undefined);
  const connection = signal<Connection>({ kind: "connecting" });
  const outbox = createOutbox(() => void reconnect(), end);
  const room = createRoom(outbox);
  let follower = new AbortController();
  let strangerTimes = 0;

  const lost = () => (connection.value = { kind: "lost" });
  const heard = (event: ChatEvent) => {
    if (event.name === "status") connection.value = connectionOf(event);
    if (event.name === "status") strangerTimes = 0;
    room.heard(event);
  };

  /** Asks who we are, then follows what happens. Resolves when the server has said who we are, or another call took over. */
  async function connect(): Promise<void> {
    follower.abort();
    follower = new AbortController();
    const signal = AbortSignal.any([end, follower.signal]);
    const answer = await readSession(lost, signal).catch(() => undefined);
    if (!answer) return; // another call took over
    session.value = answer;
    if (answer.login === "needed") return;
    outbox.resume();
    void followEvents({ heard, lost }, signal).then(reconnect, () => {});
  }

  /** The server does not know us any more. Where it never will, since cookies are blocked, it is not asked without end. */
  async function reconnect(): Promise<void> {
    strangerTimes += 1;
    if (strangerTimes > 1) await pauseUntilPromising(retryPauseMs(strangerTimes), end);
    await connect();
  }

  closeWhileHidden(
    () => !room.running.value && outbox.items.value.length === 0,
    () => follower.abort(),
    () => follower.signal.aborted && void connect(),
  );
  forgetLateStop(room, outbox);
  void connect();

  return {
    session,
    connection,
    room,
    outbox,
    stop() {
      if (room.running.value && !room.stopping.value) outbox.addUrgent("/stop");
    },
    async loadEarlier(aboutToShow) {
      const query = new URLSearchParams({ before: room.oldestTurnId() ?? "", limit: String(chatLimits.turnsRecent) });
      const answer = await callServer<HistoryAnswer>(`${chatPaths.messages}?${query}`, undefined, end);
      if (answer.kind !== "done") return;
      aboutToShow();
      room.addEarlier(answer.value);
    },
    async logIn(token) {
      const answer = await callServer<void>(chatPaths.login, { token } satisfies LoginRequest, end);
      if (answer.kind === "refused") return answer.sentence;
      if (answer.kind === "unreachable") return "The server cannot be reached. Try again in a moment.";
      await connect();
      return session.value?.login === "needed"
        ? "This browser keeps no cookies. Allow them here, then try again."
        : undefined;
    },
    async logOut() {
      const answer = await callServer<void>(chatPaths.logout, {}, end);
      if (answer.kind === "unreachable") return;
      for (const { id } of outbox.items.value) outbox.remove(id);
      follower.abort();
      room.forget();
      await connect();
    },
  };
}

async function readSession(onFailure: () => void, signal: AbortSignal): Promise<SessionAnswer> {
  for (let failures = 1; ; failures += 1) {
    const answer = await callServer<SessionAnswer>(chatPaths.session, undefined, signal);
    if (answer.kind === "done") return answer.value;
    onFailure();
    await pauseUntilPromising(retryPauseMs(failures, answer.kind === "refused" ? answer.retryAfterMs : 0), signal);
  }
}

function connectionOf({ value: { state, message } }: Extract<ChatEvent, { name: "status" }>): Connection {
  return state === "live" ? { kind: "live" } : { kind: "waiting", sentence: message ?? "One moment …" };
}

/** A /stop that could not be sent in time must not stop the answer after the one it was meant for. */
function forgetLateStop({ running, exchanges }: Room, outbox: Outbox): void {
  let target: string | undefined;
  effect(() => {
    const now = running.value?.id;
    if (now === target) return;
    target = now;
    for (const { kind, id, outgoing } of exchanges.peek())
      if (kind === "stop" && outgoing && outgoing.state.kind !== "kept") outbox.remove(id);
  });
}

/** Calls `close` when the page has been out of sight for a while and `isIdle`, and `open` when it is seen again. */
function closeWhileHidden(isIdle: () => boolean, close: () => void, open: () => void): void {
  let timer: number | undefined;
  const closeWhenIdle = () => {
    if (isIdle()) close();
    else timer = window.setTimeout(closeWhenIdle, pageLimits.hiddenMsMax);
  };
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) timer = window.setTimeout(closeWhenIdle, pageLimits.hiddenMsMax);
    else open();
  });
}
