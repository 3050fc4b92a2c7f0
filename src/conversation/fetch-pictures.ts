import { GatewayError } from "./domain/errors.ts";
import { imageType } from "./domain/image-type.ts";
import type { ReadAttachment, Session, Spoken, Unread } from "./domain/session.ts";
import { fetchAttachment, isWorthWaiting } from "./fetch-attachment.ts";
import type { HeldTurn } from "./hold-turns.ts";
import type { PromptImage } from "./ports/ai-client.ts";
import type { Gateway } from "./ports/gateway.ts";

export type Pictures = {
  /** What the model is shown. */
  readonly images: ReadonlyMap<ReadAttachment, PromptImage>;
  /** Which of the message's own it is not shown, and why. */
  readonly missed: ReadonlyMap<ReadAttachment, Unread>;
};

type Means = Pick<Gateway, "channels" | "limits">;
type Looking = { readonly held: HeldTurn; readonly means: Means };

/**
 * Fetches the pictures that the model is to see: those of the message, and the newest of the messages before it in this conversation,
 * for "what colour is it?". We keep none of them, so an earlier one may be gone: its note in the text remains.
 *
 * @throws ChannelError (a retryable one, while the message is young), or why the turn is to be let go
 */
export async function fetchPictures(
  held: HeldTurn,
  { spoken, session }: { readonly spoken: Spoken; readonly session: Pick<Session, "history"> },
  means: Means,
): Promise<Pictures> {
  const looking = { held, means };
  const current = spoken.attachments.filter(isPicture);
  const earlier = earlierPictures(session.history, means)
    .filter((picture) => !current.some((one) => isSame(one, picture)))
    .slice(0, Math.max(0, means.limits.promptPicturesMax - current.length));
  const images = new Map<ReadAttachment, PromptImage>();
  const missed = new Map<ReadAttachment, Unread>();
  let bytesLeft = means.limits.promptPictureBytesMax;

  for (const picture of current) {
    const image = await look(picture, bytesLeft, looking);
    if (typeof image === "string") missed.set(picture, image);
    else images.set(picture, image);
    bytesLeft -= bytesOf(image);
  }
  for (const picture of earlier) {
    const image = await lookAgain(picture, bytesLeft, looking);
    if (typeof image !== "string") images.set(picture, image);
    bytesLeft -= bytesOf(image);
  }
  return { images, missed };
}

export function isPicture({ reading }: ReadAttachment): boolean {
  return reading.kind === "picture";
}

/** The newest first. */
function earlierPictures(history: Session["history"], { limits }: Means): readonly ReadAttachment[] {
  return history
    .slice(-limits.pictureMessagesMax)
    .flatMap(({ attachments = [] }) => attachments.filter(isPicture))
    .toReversed();
}

/** A message that quotes a picture of the conversation brings it once more. */
function isSame(one: ReadAttachment, other: ReadAttachment): boolean {
  return JSON.stringify(one.source) === JSON.stringify(other.source);
}

async function look(
  picture: ReadAttachment,
  bytesLeft: number,
  { held, means }: Looking,
): Promise<PromptImage | Unread> {
  const bytesMax = Math.min(bytesLeft, means.limits.pictureBytesMax);
  try {
    const bytes = await fetchAttachment(picture, bytesMax, held, means);
    const mimeType = imageType(bytes);
    return mimeType === undefined ? "format" : { mimeType, base64: Buffer.from(bytes).toString("base64") };
  } catch (error) {
    if (!(error instanceof GatewayError) || isWorthWaiting(error, held, means)) throw error;
    if ((picture.bytes ?? 0) > means.limits.pictureBytesMax) return "too-large";
    return (picture.bytes ?? 0) > bytesMax ? "too-many" : "failed";
  }
}

/** Nobody waits for a picture that was seen before. */
async function lookAgain(picture: ReadAttachment, bytesLeft: number, looking: Looking): Promise<PromptImage | Unread> {
  try {
    return await look(picture, bytesLeft, looking);
  } catch (error) {
    if (error instanceof GatewayError) return "failed";
    throw error;
  }
}

function bytesOf(image: PromptImage | Unread): number {
  return typeof image === "string" ? 0 : (image.base64.length * 3) / 4;
}
