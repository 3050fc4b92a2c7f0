import { holding } from "../holding.ts";
import { inProcessWire } from "../../src/store/in-process/in-process-wire.ts";
import { roomPace } from "../../src/channels/web-chat/follow-room.ts";
import { webChatChannel, type WebChatOptions } from "../../src/channels/web-chat/web-chat-channel.ts";
import { startHttpServer, type HttpServerOptions } from "../../src/web/http-server.ts";
import { memoryRooms } from "./memory-rooms.ts";

export const silentLog = { info: () => {}, warn: () => {}, error: () => {} };

/** A server with nothing behind it that could fail. */
export const plainServer: HttpServerOptions = {
  host: "127.0.0.1",
  port: 0,
  version: "1.2.3",
  checks: { database: async () => {}, redis: async () => {} },
  channels: new Map(),
  webhooks: [],
  routes: [],
  perMinute: 10_000,
  log: silentLog,
};

/** The web chat on a real server over rooms in memory. Dispose of it at the end of the test. */
export async function serveChat(chat: Partial<WebChatOptions> = {}, http: Partial<HttpServerOptions> = {}) {
  const rooms = memoryRooms();
  const wire = inProcessWire();
  const channel = webChatChannel({
    transcripts: rooms.transcripts,
    wire,
    commands: [{ name: "model", summary: "Choose who answers", argument: "NAME" }],
    program: { name: "Parley", version: "1.2.3" },
    pace: { ...roomPace, retryMs: 20 },
    ...chat,
  });
  const stop = new AbortController();
  const listening = channel.listen(rooms.accept, stop.signal);
  const server = await startHttpServer({
    ...plainServer,
    channels: new Map([[channel.name, channel]]),
    routes: [channel.routes],
    ...http,
  });
  return {
    ...server,
    rooms,
    channel,
    stopListening: () => stop.abort("shutdown"),
    /** Shows a reply as the worker would: a draft goes out, a final one is saved first. */
    async show(messageId: string, text: string, { end, attempt }: { end?: "complete"; attempt?: number } = {}) {
      if (end) rooms.answer(messageId, { text, end });
      const reply = end ? { text, end } : { text };
      return channel.show(rooms.turnOf(messageId, attempt), reply, async () => {}, holding());
    },
    async [Symbol.asyncDispose]() {
      stop.abort("shutdown");
      await listening;
      await server.close();
    },
  };
}
