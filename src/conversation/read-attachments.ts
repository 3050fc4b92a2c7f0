import { countTokens } from "./domain/count-tokens.ts";
import type { Attachment, AttachmentKind, ChannelMessage } from "./domain/message.ts";
import type { Reading, Spoken, Unread } from "./domain/session.ts";
import { attachmentNote, attachmentsOf, spokenText } from "./domain/spoken-text.ts";
import { fetchAttachment, giveUp } from "./fetch-attachment.ts";
import type { HeldTurn } from "./hold-turns.ts";
import type { Gateway } from "./ports/gateway.ts";

type Means = Pick<Gateway, "channels" | "sessions" | "documents" | "transcriber" | "journal" | "limits">;

/** What became of an attachment, and its text if it has any. */
type Read = { readonly reading: Reading; readonly text?: string };

/**
 * Puts what came with a message into words: documents and speech, its own and what it quotes and passes on. Pictures are left for
 * `fetchPictures`. What an earlier attempt has recorded is not read, or paid for, again.
 *
 * @throws ChannelError, AiError (retryable ones, while the message is young), StoreError, or why the turn is to be let go
 */
export async function readAttachments(held: HeldTurn, message: ChannelMessage, means: Means): Promise<Spoken> {
  const attachments = attachmentsOf(message);
  if (attachments.length === 0) return { text: spokenText(message), attachments: [] };
  const recorded = await means.sessions.spoken(held.turn);
  if (recorded) return recorded;

  const read = new Map<Attachment, Read>();
  let tokensLeft = Math.floor(means.limits.contextTokensMax * means.limits.documentsShareMax);
  for (const attachment of attachments) {
    const isBeyond = read.size >= means.limits.attachmentsMax;
    const one = isBeyond ? unread("too-many") : await readOne(attachment, tokensLeft, { held, means });
    tokensLeft -= one.text === undefined ? 0 : countTokens(one.text);
    read.set(attachment, one);
  }
  return {
    text: spokenText(message, (attachment) => read.get(attachment)?.text ?? attachmentNote(attachment)),
    attachments: attachments.map((attachment) => ({
      ...attachment,
      reading: read.get(attachment)?.reading ?? { kind: "unread", because: "too-many" },
    })),
  };
}

type Reader = { readonly held: HeldTurn; readonly means: Means };

async function readOne(attachment: Attachment, tokensMax: number, reader: Reader): Promise<Read> {
  switch (kindOf(attachment)) {
    case "image":
      return { reading: { kind: "picture" } };
    case "document":
      return await readDocument(attachment, tokensMax, reader);
    case "voice":
    case "audio":
      return await listen(attachment, tokensMax, reader);
    case "video":
    case "other":
      return unread("unreadable");
  }
}

/** Telegram sends pictures and sound as documents when they are not to be compressed; and a drawing in SVG is a text. */
function kindOf({ kind, name, mimeType = "" }: Attachment): AttachmentKind {
  if (mimeType.startsWith("image/svg")) return "document";
  if (kind !== "document") return kind;
  if (mimeType.startsWith("image/") || (mimeType === "" && /\.(png|jpe?g|webp|gif)$/i.test(name))) return "image";
  if (/^audio\/|^application\/ogg/.test(mimeType)) return "audio";
  return mimeType.startsWith("video/") ? "video" : "document";
}

/** Less of a document is of no use. */
const tokensMin = 100;

async function readDocument(attachment: Attachment, tokensMax: number, { held, means }: Reader): Promise<Read> {
  if (tokensMax < tokensMin) return unread("too-many");
  const bytes = await fetchOrExplain(attachment, means.limits.documentBytesMax, { held, means });
  if (typeof bytes === "string") return unread(bytes);
  const charsMax = tokensMax * charsPerTokenMax;
  const content = await means.documents.read({ name: attachment.name, bytes }, charsMax, held.writing.signal);
  if (content.kind === "unread") return unread(content.because);
  const text = cutToTokens(content.text, tokensMax);
  const isCut = content.isCut || text.length < content.text.length;
  return { reading: { kind: "document", isCut }, text: documentText(attachment, text, isCut) };
}

const charsPerTokenMax = 4;

async function listen(attachment: Attachment, tokensMax: number, { held, means }: Reader): Promise<Read> {
  const { transcriber, limits } = means;
  if (!transcriber) return unread("deaf");
  if (tokensMax < tokensMin) return unread("too-many");
  const bytes = await fetchOrExplain(attachment, limits.soundBytesMax, { held, means });
  if (typeof bytes === "string") return unread(bytes);
  const { name, mimeType } = attachment;
  await held.writing.sure();
  try {
    const heard = await transcriber.transcribe({ name, bytes, ...(mimeType && { mimeType }) }, held.writing.signal);
    const words = cutToTokens(heard.trim(), tokensMax);
    if (words === "") return unread("wordless");
    return { reading: { kind: "heard", words }, text: `${attachmentNote(attachment)} ${words}` };
  } catch (error) {
    return unread(giveUp("listening to what was sent", error, held, means));
  }
}

async function fetchOrExplain(
  attachment: Attachment,
  bytesMax: number,
  { held, means }: Reader,
): Promise<Uint8Array | Unread> {
  if ((attachment.bytes ?? 0) > bytesMax) return "too-large";
  try {
    return await fetchAttachment(attachment, bytesMax, held, means);
  } catch (error) {
    return giveUp("fetching what was sent", error, held, means);
  }
}

function unread(because: Unread): Read {
  return { reading: { kind: "unread", because } };
}

function cutToTokens(text: string, tokensMax: number): string {
  const tokens = countTokens(text);
  return tokens <= tokensMax ? text : text.slice(0, Math.floor((text.length * tokensMax) / tokens)).toWellFormed();
}

/** Fenced, so that a model can tell the file's words from the person's. */
function documentText(attachment: Attachment, text: string, isCut: boolean): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = "`".repeat(longest + 1);
  const rest = isCut ? "\n[It goes on; this is its beginning.]" : "";
  return `${attachmentNote(attachment)}\n${fence}\n${text.trim()}\n${fence}${rest}`;
}
