import type { Json } from "../../conversation/domain/json.ts";
import type { Reply } from "../../conversation/domain/reply.ts";
import type { Turn } from "../../conversation/domain/turn.ts";

/** What the streams of a room are told: the transcript has changed, or a reply has grown to this. */
export type RoomHint = { readonly changed: true } | { readonly draft: DraftHint };

export type DraftHint = {
  readonly turnId: string;
  readonly messageId: string;
  /** A worker that lost the turn may still speak: the draft of an earlier attempt is void once a later one was seen. */
  readonly attempt: number;
  readonly text: string;
  readonly footer?: string;
};

/** The wire's topic of a room. */
export function roomTopic(room: string): string {
  return `web:${room}`;
}

export const changedHint: Json = { changed: true };

export function draftHint(turn: Turn, { text, footer }: Reply): Json {
  const draft = { turnId: turn.id, messageId: turn.message.id, attempt: turn.attempt, text };
  return { draft: footer === undefined ? draft : { ...draft, footer } };
}

/** Undefined for what another version of the program may have sent. */
export function readRoomHint(hint: Json): RoomHint | undefined {
  if (!isObject(hint)) return undefined;
  if (hint["changed"] === true) return { changed: true };
  const draft = hint["draft"];
  if (draft === undefined || !isObject(draft)) return undefined;
  const { turnId, messageId, attempt, text, footer } = draft;
  if (typeof turnId !== "string" || typeof messageId !== "string") return undefined;
  if (typeof attempt !== "number" || typeof text !== "string") return undefined;
  return { draft: { turnId, messageId, attempt, text, ...(typeof footer === "string" && { footer }) } };
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
