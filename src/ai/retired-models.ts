import { bareName } from "./pick-model.ts";

type Family = { readonly names: RegExp; readonly successors: readonly string[] };

const large = ["gpt-#", "gpt-4.1", "gpt-4o"];
const small = ["gpt-#-mini", "gpt-4.1-mini", "gpt-4o-mini", "gpt-#-nano"];
const opus = ["claude-opus-#", "claude-sonnet-#"];
const sonnet = ["claude-sonnet-#", "claude-opus-#"];
const haiku = ["claude-haiku-#", "claude-sonnet-#"];
const pro = ["gemini-pro-latest", "gemini-#-pro", "gemini-#-pro-preview", "gemini-#-flash"];
const flash = ["gemini-#-flash", "gemini-flash-latest", "gemini-#-flash-preview"];

/**
 * Names that people still type and that providers have retired or will, as of autumn 2026; the first family that fits
 * counts. Each leads to its family's newest member ("#" is a version), resolved against the list of models: a name that is
 * listed is not looked up here at all.
 */
const families: readonly Family[] = [
  { names: /^gpt-4(o|\.1)?-(mini|nano)|^gpt-3\.5|^gpt-35|^o[1-4]-mini/, successors: small },
  { names: /^(gpt-4|chatgpt-4o|gpt-5(\.\d+)?(-\d|-chat|$)|o1|o3|text-davinci)/, successors: large },
  { names: /^gpt-5(\.\d+)?-(mini|nano)/, successors: small },
  { names: /^claude-(3[.-]?\d?-?opus|opus)/, successors: opus },
  { names: /^claude-(3([.-]\d)?-haiku|haiku|instant)/, successors: haiku },
  { names: /^claude-(3([.-]\d)?-sonnet|sonnet|[12]([.-]|$)|v?[12]$)/, successors: sonnet },
  { names: /^gemini-[\d.]*-?flash/, successors: flash },
  { names: /^(gemini-([\d.]+-)?(pro|ultra)|gemini$|chat-bison|text-bison)/, successors: pro },
  {
    names: /^(open-mistral|open-mixtral|mistral-tiny|mistral-small|mixtral)/,
    successors: ["mistral-small-latest", "mistral-medium-latest", "llama-#-70b-versatile"],
  },
  { names: /^mistral-(medium|large)/, successors: ["mistral-medium-latest", "mistral-large-latest"] },
  { names: /^(llama|gemma)-?\d/, successors: ["llama-#-70b-versatile", "gpt-oss-120b", "gpt-oss-20b"] },
];

/** What to use in place of a name that is listed no more, best first; none for a name that never was one. */
export function successorsOf(name: string): readonly string[] {
  const bare = bareName(name.toLowerCase());
  return families.find(({ names }) => names.test(bare))?.successors ?? [];
}
