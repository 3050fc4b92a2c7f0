import type { FastifyPluginAsync } from "fastify";
import type { Accept, Channel } from "../../conversation/ports/channel.ts";
import { chatRoutes, type ChatDoor } from "./chat-routes.ts";
import { roomPace, type RoomPace } from "./follow-room.ts";
import { changedHint, draftHint, roomTopic } from "./room-hint.ts";

/** `pace` is for tests, which hurry it. */
export type WebChatOptions = Omit<ChatDoor, "accept" | "pace"> & { readonly pace?: RoomPace };

/**
 * The web page as a channel. Its rooms live with us: a room is one visitor, known by a cookie, and shows what
 * the transcript holds. So showing a final reply, which is saved by then, is telling the streams to look; only
 * drafts travel by the wire. `routes` is for the HTTP server.
 */
export function webChatChannel(options: WebChatOptions): Channel & { readonly routes: FastifyPluginAsync } {
  const { wire, pace = roomPace } = options;
  let accept: Accept | undefined;

  return {
    name: "web",
    refuses: "at-door",
    receivesAlone: false,
    editIntervalMs: () => 80,

    async listen(give, signal) {
      if (signal.aborted) return;
      // On the way out messages are taken as long as they come: another instance answers them.
      accept = give;
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    },

    async show(turn, reply, _note, hold) {
      hold.check();
      wire.send(roomTopic(turn.message.room), reply.end ? changedHint : draftHint(turn, reply));
      return reply.end && reply.text === "" && !reply.file ? [] : [turn.id];
    },

    health: () => (accept ? { state: "connected" } : { state: "connecting", reason: "not taking messages" }),

    routes: chatRoutes({ ...options, pace, accept: () => accept }),
  };
}
