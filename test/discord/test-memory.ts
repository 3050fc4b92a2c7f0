import { LeaseLostError } from "../../src/conversation/domain/errors.ts";
import type { Json } from "../../src/conversation/domain/json.ts";
import type { ChannelMessage } from "../../src/conversation/domain/message.ts";
import type { ReceiverMemory } from "../../src/conversation/ports/receiver-memory.ts";

/** A receiver's memory without a database, over what a test has kept. */
export function testMemory(kept: readonly ChannelMessage[]): ReceiverMemory & { readonly saved: Map<string, Json> } {
  const fences = new Map<string, number>();
  const saved = new Map<string, Json>();
  const spent = new Map<string, readonly number[]>();

  return {
    saved,
    async open({ name, fence }) {
      if (Number(fence) < (fences.get(name) ?? 0)) throw new LeaseLostError("a newer holder");
      fences.set(name, Number(fence));
      return saved.get(name);
    },
    async save({ name, fence }, memory) {
      if (Number(fence) !== fences.get(name)) throw new LeaseLostError("a newer holder");
      saved.set(name, JSON.parse(JSON.stringify(memory)) as Json);
    },
    async spend(name, max, periodMs) {
      const recent = (spent.get(name) ?? []).filter((at) => at > Date.now() - periodMs);
      if (recent.length >= max) return (recent[recent.length - max] ?? 0) + periodMs - Date.now();
      spent.set(name, [...recent, Date.now()]);
      return 0;
    },
    async newestMessages(channel, roomPrefix, roomsMax) {
      const newest = new Map<string, ChannelMessage>();
      for (const message of kept) {
        if (message.channel !== channel || !message.room.startsWith(roomPrefix)) continue;
        newest.delete(message.room);
        newest.set(message.room, message);
      }
      return [...newest.values()].toReversed().slice(0, roomsMax);
    },
    async findMessage(channel, rooms, id) {
      return kept.find((message) => message.channel === channel && rooms.includes(message.room) && message.id === id);
    },
  };
}
