/** Why Discord would not take a text, or not show it as it was meant; undefined when it would. */
export function contentFault(content: string): "too long" | "malformed" | "empty" | undefined {
  if (Array.from(content).length > 2_000) return "too long";
  if (!content.isWellFormed()) return "malformed";
  return unseen.test(content) ? "empty" : undefined;
}

const unseen = /^[\s\p{Cf}\p{Cc}\u115F\u1160\u2800\u3164]*$/u;
