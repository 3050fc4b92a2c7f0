import { z } from "zod";
import type { Attachment, AttachmentKind } from "../../conversation/domain/message.ts";
import type { TelegramMedia } from "./update.ts";

/** What a message brings besides words. Telegram sends each picture and file as a message of its own. */
export function readAttachment(media: TelegramMedia): Attachment | undefined {
  const { animation, audio, document, live_photo: live, photo, video, video_note: note, voice } = media;
  const picture = widest(photo ?? live?.photo);
  if (picture) return attached("image", "photo.jpg", { mime_type: "image/jpeg", ...picture });
  if (voice) return attached("voice", "voice.ogg", { mime_type: "audio/ogg", ...voice });
  if (audio) return attached("audio", audio.title ?? "audio", audio);
  if (animation) return attached("video", "animation.mp4", animation); // it carries a document as well
  if (document) return attached(kindOf(document.mime_type), "file", document);
  const moving = video ?? note ?? live;
  if (moving) return attached("video", "video.mp4", moving);
  const name = nameOfOther(media);
  return name === undefined ? undefined : { kind: "other", name, source: null };
}

/** What `getFile` wants to know. It means nothing to another bot. */
const sourceSchema = z.object({ fileId: z.string() });

/** @throws ZodError when it is not from this channel, or nothing that can be fetched */
export function fileIdOf({ source }: Pick<Attachment, "source">): string {
  return sourceSchema.parse(source).fileId;
}

type TelegramFile = NonNullable<TelegramMedia["document"]>;

function attached(kind: AttachmentKind, usualName: string, file: TelegramFile): Attachment {
  const { file_id: fileId, file_size: bytes, mime_type: mimeType, file_name: name = usualName } = file;
  return {
    kind,
    name,
    ...(mimeType !== undefined && { mimeType }),
    ...(bytes !== undefined && { bytes }),
    source: { fileId },
  };
}

function widest(photo: TelegramMedia["photo"]) {
  return photo?.toSorted((a, b) => b.width - a.width)[0];
}

/** People send pictures as files so that Telegram does not shrink them. */
function kindOf(mimeType: string | undefined): AttachmentKind {
  const [family] = mimeType?.split("/") ?? [];
  return family === "image" || family === "audio" || family === "video" ? family : "document";
}

function nameOfOther(media: TelegramMedia): string | undefined {
  const { sticker, contact, dice, poll, venue, location, checklist, game, paid_media: paid, story } = media;
  if (sticker) return `sticker ${sticker.emoji ?? ""}`.trim();
  if (contact) return `contact ${[contact.first_name, contact.last_name].filter(Boolean).join(" ")}`;
  if (dice) return `${dice.emoji} ${dice.value}`;
  if (poll) return `poll “${poll.question}”`;
  if (venue) return `place ${venue.title}, ${venue.address}`; // it carries a location as well
  if (location) return `location ${location.latitude}, ${location.longitude}`;
  if (checklist) return `checklist “${checklist.title}”`;
  if (game) return `game ${game.title}`;
  if (paid !== undefined) return "paid media";
  return story === undefined ? undefined : "story";
}
