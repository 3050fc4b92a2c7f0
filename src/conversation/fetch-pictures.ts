import { GatewayError } from "./domain/errors.ts";
import { imageType } from "./domain/image-type.ts";
import type { ReadAttachment, Session, Spoken, Unread } from "./domain/session.ts";
import { fetchAttachment, giveUp } from "./fetch-attachment.ts";
import type { HeldTurn } from "./hold-turns.ts";
import type { PromptImage } from "./ports/ai-client.ts";
import type { Gateway } from "./ports/gateway.ts";

export type Pictures = {
  /** What the model is shown. */
  readonly images: ReadonlyMap<ReadAttachment, PromptImage>;
  /** Which of the message's own it is not shown, and why. */
  readonly missed: ReadonlyMap<ReadAttachment, Unread>;
};

type Means = Pick<Gateway, "channels" | "journal" | "limits">;
type Fetch = (picture: ReadAttachment, bytesMax: number, held: HeldTurn, means: Means) => Promise<PromptImage | Unread>;

/** More would need much memory for a moment. */
const atOnceMax = 4;

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
  const current = spoken.attachments.filter(isPicture);
  const earlier = earlierPictures(session.history, means)
    .filter((picture) => !current.some((one) => isSame(one, picture)))
    .slice(0, Math.max(0, means.limits.promptPicturesMax - current.length));
  const wanted: readonly (readonly [ReadAttachment, Fetch])[] = [
    ...current.map((picture) => [picture, look] as const),
    ...earlier.map((picture) => [picture, lookAgain] as const),
  ];
  const images = new Map<ReadAttachment, PromptImage>();
  const missed = new Map<ReadAttachment, Unread>();
  let bytesLeft = means.limits.promptPictureBytesMax;

  for (let from = 0; from < wanted.length; from += atOnceMax) {
    const some = wanted.slice(from, from + atOnceMax);
    const seen = await Promise.all(
      some.map(async ([picture, fetch]) => [picture, await fetch(picture, bytesLeft, held, means)] as const),
    );
    for (const [picture, image] of seen) {
      if (typeof image === "string") missed.set(picture, image);
      else if (bytesOf(image) > bytesLeft) missed.set(picture, "too-many");
      else {
        images.set(picture, image);
        bytesLeft -= bytesOf(image);
      }
    }
  }
  for (const picture of earlier) missed.delete(picture); // nobody asked for it
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
  held: HeldTurn,
  means: Means,
): Promise<PromptImage | Unread> {
  const { pictureBytesMax } = means.limits;
  try {
    return await fetchImage(picture, Math.min(bytesLeft, pictureBytesMax), held, means);
  } catch (error) {
    const because = giveUp("fetching a picture", error, held, means);
    const bytes = picture.bytes ?? 0;
    if (bytes > pictureBytesMax) return "too-large";
    return bytes > bytesLeft ? "too-many" : because;
  }
}

/** Nobody waits for a picture that was seen before. */
async function lookAgain(
  picture: ReadAttachment,
  bytesLeft: number,
  held: HeldTurn,
  means: Means,
): Promise<PromptImage | Unread> {
  try {
    return await fetchImage(picture, Math.min(bytesLeft, means.limits.pictureBytesMax), held, means);
  } catch (error) {
    if (error instanceof GatewayError) return "failed";
    throw error;
  }
}

async function fetchImage(...fetching: Parameters<Fetch>): Promise<PromptImage | Unread> {
  const bytes = await fetchAttachment(...fetching);
  const mimeType = imageType(bytes);
  return mimeType === undefined ? "format" : { mimeType, base64: Buffer.from(bytes).toString("base64") };
}

function bytesOf({ base64 }: PromptImage): number {
  return (base64.length * 3) / 4;
}
