/** A picture as it arrived, with what its bytes are. */
export type AiImage = { readonly mimeType: string; readonly bytes: number };

/** Anthropic's limit, which is the tightest. */
const imageBytesMax = 5_000_000;
const imagesMax = 10;

const magic: Readonly<Record<string, RegExp>> = {
  "image/png": /^\x89PNG\r\n[\s\S]\n/,
  "image/jpeg": /^\xff\xd8\xff/,
  "image/gif": /^GIF8[79]a/,
  "image/webp": /^RIFF[\s\S]{4}WEBP/,
};

/** Reads a message that comes in parts, as strictly as the strictest server; or says what is wrong, in OpenAI's words. */
export function readParts(
  parts: readonly unknown[],
  isBlind: boolean,
): { readonly text: string; readonly images: readonly AiImage[] } | string {
  const texts: string[] = [];
  const images: AiImage[] = [];
  for (const part of parts) {
    const { type, text, image_url: image, ...rest } = (part ?? {}) as Record<string, unknown>;
    if (Object.keys(rest).length > 0) return `Unknown parameter in a part: ${Object.keys(rest).join(", ")}`;
    if (type === "text" && typeof text === "string" && text.trim() && image === undefined) {
      texts.push(text);
      continue;
    }
    if (type !== "image_url" || text !== undefined) return "a part is neither a text nor an image_url";
    if (isBlind) return "Invalid content type. image_url is only supported by certain models.";
    const read = readImage(image);
    if (typeof read === "string") return read;
    images.push(read);
  }
  if (texts.length === 0) return "a message must have a text";
  if (images.length === 0) return "a message in parts must have an image; else its content is a string";
  if (images.length > imagesMax) return `Too many images: ${images.length} > ${imagesMax}`;
  return { text: texts.join("\n"), images };
}

function readImage(image: unknown): AiImage | string {
  const { url, ...rest } = (image ?? {}) as Record<string, unknown>;
  if (typeof url !== "string" || Object.keys(rest).length > 0) return "image_url must be { url }";
  const [, mimeType = "", base64 = ""] = /^data:([\w/]+);base64,([A-Za-z0-9+/]+={0,2})$/.exec(url) ?? [];
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length === 0 || bytes.toString("base64") !== base64) return "Invalid base64 image_url.";
  if (bytes.length > imageBytesMax) return `image exceeds 5 MB maximum: ${bytes.length} bytes > ${imageBytesMax} bytes`;
  if (!magic[mimeType]?.test(bytes.subarray(0, 12).toString("latin1")))
    return "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].";
  return { mimeType, bytes: bytes.length };
}
