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
  /** The part of a direct room that is a conversation of its own, if it is said in one. */
  readonly topic?: string;
  /** What the message answers, so that the model can see it. */
  readonly replyTo?: Quoted;
  /** What was passed on with it, or is it. */
  readonly forwarded?: readonly Quoted[];
  /** What came with it, in the person's order. */
  readonly attachments?: readonly Attachment[];
  /** What the person reads, as a BCP 47 tag such as "pt-BR", where the platform says so. */
  readonly language?: string;
  /** Present when it belongs together with its neighbours: the pictures of an album, the pieces of a long paste. */
  readonly joins?: Joins;
  /** Present when it is no question of its own but says something about an earlier one of its room. */
  readonly about?: About;
  /** Something stands in the room that only an answer takes away: it gets one, if only a refusal, however many were refused before. */
  readonly mustAnswer?: true;
  /** The place with settings of its own, such as a Discord server, that its author moderates, if the platform says so. */
  readonly moderates?: string;
  /** What the channel needs to answer here (thread, interaction token, message to reply to); opaque to all others. */
  readonly address: Json;
  readonly sentAtMs: number;
};

export type Quoted = {
  /** How its author is called. */
  readonly author: string;
  readonly text: string;
  readonly attachments?: readonly Attachment[];
};

export type Attachment = {
  readonly kind: AttachmentKind;
  /** As a person would call it: a file's name, a sticker's emoji. */
  readonly name: string;
  readonly mimeType?: string;
  readonly bytes?: number;
  /** What the channel needs to fetch it; opaque to all others. */
  readonly source: Json;
};

/** "other": nothing that could be read, such as a place, a poll or a sticker. */
export type AttachmentKind = "image" | "voice" | "audio" | "video" | "document" | "other";

export type Joins = {
  /** Messages of one room with the same key are one turn. It names the person: "album:<id>", "paste:<author>". */
  readonly key: string;
  /** How long it waits for others. 0: it may join one that waits, and waits for nobody itself. */
  readonly windowMs: number;
};

export type About =
  /** The person has changed what they wrote. `text` and all else is how it stands now. */
  | { readonly kind: "edited"; readonly messageId: string }
  /** The person has taken back what they wrote. */
  | { readonly kind: "deleted"; readonly messageId: string }
  /** The person has pressed a button under the answer that this turn gave; `text` is the button's command. */
  | { readonly kind: "pressed"; readonly turnId: string };

export type Author = {
  /** The platform's id of the person, unique within the channel. */
  readonly id: string;
  /** How they are called, for people and for the model. */
  readonly name: string;
};
