import type { Json } from "./json.ts";

/** One message as a channel received it. Plain JSON: it is kept, queued and replayed. */
export type ChannelMessage = {
  /** The channel it came from and the reply goes to, such as "discord". */
  readonly channel: string;
  /** The place in the channel, opaque outside of its adapter: it names the bot too where message ids are counted per bot. */
  readonly room: string;
  /** Unique within the room, whatever happened there: a message's id, `callback:<id>`, `interaction:<id>`. Deduplicates redeliveries. */
  readonly id: string;
  readonly author: Author;
  /** What the person wrote, without the mention of the bot; a button press or native command as the text it stands for. */
  readonly text: string;
  /** "direct": only this person reads and writes here. "group": the room shares one conversation and speakers are named. */
  readonly audience: "direct" | "group";
  /** What the message answers, so that the model can see it. */
  readonly replyTo?: { readonly author: string; readonly text: string };
  /** What the channel needs to answer here (thread, interaction token, message to reply to); opaque to all others. */
  readonly address: Json;
  readonly sentAtMs: number;
};

export type Author = {
  /** The platform's id of the person, unique within the channel. */
  readonly id: string;
  /** How they are called, for people and for the model. */
  readonly name: string;
};
