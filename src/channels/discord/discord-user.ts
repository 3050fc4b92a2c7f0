import { z } from "zod";
import { snowflake } from "./snowflake.ts";

/** A person or a bot. */
export const user = z.object({
  id: snowflake,
  username: z.string(),
  global_name: z.string().nullish(),
  bot: z.boolean().optional(),
  system: z.boolean().optional(),
});
export type User = z.output<typeof user>;
/** What a server knows of them. */
export const member = z.object({ nick: z.string().nullish() });

/** The name people see: the server's, the person's own, the account's. */
export function nameOf(user: User, member: { readonly nick?: string | null | undefined } | null | undefined): string {
  return clean(member?.nick || user.global_name || user.username) || user.id;
}

/** PostgreSQL keeps neither NUL nor half a surrogate pair. */
export function clean(text: string): string {
  return text.replaceAll("\u0000", "").toWellFormed().trim();
}
