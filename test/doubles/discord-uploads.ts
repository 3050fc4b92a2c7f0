import { type Answer, apiError, invalid } from "./discord-answers.ts";
import type { Body } from "./discord-route.ts";
import type { DiscordMessage } from "./discord-world.ts";

/** What a person can save from a message. */
export type Attachment = {
  readonly id: string;
  readonly filename: string;
  readonly size: number;
  readonly content_type: string;
  readonly url: string;
  /** The double's own: what is at the address. */
  readonly text: string;
};

/** What a body says of a file: one that comes along, by its number in the form, or one that is there, by its id. */
type Given = { readonly id?: string | number; readonly filename?: string; readonly upload?: Upload };
type Upload = { readonly name: string; readonly type: string; readonly text: string };

/**
 * Reads JSON, or a form with the JSON in `payload_json` and files in `files[n]`, which are then found in the JSON's `attachments`.
 * https://discord.com/developers/docs/reference#uploading-files
 *
 * @returns undefined without a body, null for what is not one
 */
export async function readUploads(raw: Buffer, type = ""): Promise<unknown> {
  if (!type.startsWith("multipart/form-data")) return parse(String(raw));
  const form = await new Response(new Uint8Array(raw), { headers: { "content-type": type } }).formData();
  const json = form.get("payload_json");
  const body = typeof json === "string" ? parse(json) : null;
  if (typeof body !== "object" || body === null) return null;
  const uploads = new Map<string, Upload>();
  for (const [key, file] of form) {
    const number = /^files\[(\d+)\]$/.exec(key)?.[1];
    if (key !== "payload_json" && (number === undefined || typeof file === "string")) return null;
    if (number !== undefined && typeof file !== "string")
      uploads.set(number, { name: file.name, type: file.type, text: await file.text() });
  }
  const given = attachmentsIn(body as Body) ?? [];
  const told = given.map((one) => ({ ...one, ...withUpload(uploads.get(String(one.id))) }));
  const untold = [...uploads].filter(([number]) => !given.some(({ id }) => String(id) === number));
  return { ...body, attachments: [...told, ...untold.map(([id, upload]) => ({ id, ...withUpload(upload) }))] };
}

/** Why Discord would not take these files. */
export function refuseUploads(body: Body, message?: DiscordMessage): Answer | undefined {
  const given = attachmentsIn(body) ?? [];
  const bytes = given.reduce((sum, { upload }) => sum + Buffer.byteLength(upload?.text ?? ""), 0);
  const isKnown = ({ id, upload }: Given) => upload !== undefined || shownBy(message).some((one) => one.id === id);
  if (bytes > uploadBytesMax) return apiError(413, 40_005, "Request entity too large");
  if (given.length > 10) return invalid("attachments", "BASE_TYPE_MAX_LENGTH");
  if (!given.every(isKnown)) return invalid("attachments", "ATTACHMENT_NOT_FOUND");
  if (given.some(({ filename, upload }) => upload && !/^[\w.-]{1,260}$/.test(filename ?? upload.name)))
    return invalid("filename", "STRING_TYPE_REGEX");
  return undefined;
}

/** The files that a message shows after this body: all of those that it names; without a word of them, what was there. */
export function attachmentsAfter(body: Body, snowflake: () => string, message?: DiscordMessage): readonly Attachment[] {
  const given = attachmentsIn(body);
  if (!given) return shownBy(message);
  return given.flatMap(({ id, filename, upload }) => {
    if (!upload) return shownBy(message).filter((one) => one.id === id);
    const name = filename ?? upload.name;
    const made = snowflake();
    return {
      id: made,
      filename: name,
      size: Buffer.byteLength(upload.text),
      content_type: upload.type,
      url: `https://cdn.example/${made}/${name}`,
      text: upload.text,
    };
  });
}

/** The text of a body; "" where it has none. */
export function contentOf({ content }: Body): string {
  return typeof content === "string" ? content.trim() : "";
}

const uploadBytesMax = 10 * 1024 * 1024;

function withUpload(upload: Upload | undefined): Pick<Given, "upload"> {
  return upload ? { upload } : {};
}

function attachmentsIn({ attachments }: Body): readonly Given[] | undefined {
  return Array.isArray(attachments) ? (attachments as Given[]) : undefined;
}

function shownBy(message: DiscordMessage | undefined): readonly Attachment[] {
  return (message?.["attachments"] ?? []) as readonly Attachment[];
}

function parse(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
