import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

/** What people attach, behind links that are signed and run out. https://discord.com/developers/docs/reference#signed-attachment-cdn-urls */
export function discordFiles(baseUrl: () => string, complain: (complaint: string) => void) {
  const files = new Map<string, { readonly bytes: Uint8Array; readonly contentType: string }>();
  let epoch = 0;

  return {
    put: (id: string, bytes: Uint8Array, contentType: string) => void files.set(id, { bytes, contentType }),

    /** Every link that was given out until now leads nowhere. */
    expire: () => void (epoch += 1),

    /** A message with links that are good now. */
    link<T>(value: T): T {
      if (Array.isArray(value)) return value.map((one: unknown) => this.link(one)) as T;
      if (typeof value !== "object" || value === null) return value;
      const linked = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.link(one as unknown)]));
      if (typeof linked["filename"] === "string" && files.has(String(linked["id"])))
        linked["url"] = urlOf(String(linked["id"]), linked["filename"]);
      return linked as T;
    },

    /** @returns whether it was a request for a file */
    serve({ url = "", headers }: IncomingMessage, response: ServerResponse): boolean {
      const [, id = ""] = /^\/attachments\/1\/(\d+)\//.exec(url) ?? [];
      if (!url.startsWith("/attachments/")) return false;
      if (headers.authorization) complain("the bot's token was sent to the files' server");
      const file = files.get(id);
      if (!file || new URL(url, "http://files").searchParams.get("hm") !== sign(id)) {
        response.writeHead(404).end("This content is no longer available.");
        return true;
      }
      response.writeHead(200, { "content-type": file.contentType, "content-length": file.bytes.length });
      response.end(file.bytes);
      return true;
    },
  };

  function urlOf(id: string, filename: string): string {
    const name = encodeURIComponent(filename.replaceAll(/[^\w.-]/g, "_"));
    return `${baseUrl()}/attachments/1/${id}/${name}?ex=7fffffff&is=0&hm=${sign(id)}&`;
  }

  function sign(id: string): string {
    return createHash("sha256").update(`${id}/${epoch}`).digest("hex");
  }
}
