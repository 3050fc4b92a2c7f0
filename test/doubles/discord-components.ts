import { type Answer, invalid } from "./discord-answers.ts";
import type { Body } from "./discord-route.ts";

/** What Discord says against the components of a message; undefined when they are as they must be. https://discord.com/developers/docs/components/reference */
export function refuseComponents(components: unknown): Answer | undefined {
  if (components === undefined || components === null) return undefined;
  if (!Array.isArray(components)) return invalid("components", "LIST_TYPE_CONVERT");
  if (components.length > 5) return invalid("components", "BASE_TYPE_BAD_LENGTH");
  const seen = new Set<string>();
  for (const row of components as Body[]) {
    const inside = row?.["components"];
    if (row?.["type"] !== 1 || !Array.isArray(inside)) return invalid("components", "UNION_TYPE_CHOICES");
    if (inside.length < 1 || inside.length > 5) return invalid("components", "BASE_TYPE_BAD_LENGTH");
    const refusal = (inside as Body[]).map((button) => refuseButton(button, seen)).find(Boolean);
    if (refusal) return refusal;
  }
  return undefined;
}

function refuseButton(button: Body, seen: Set<string>): Answer | undefined {
  const { type, style, label, custom_id: customId } = button;
  if (type !== 2) return invalid("type", "UNION_TYPE_CHOICES");
  if (unknownKey(button)) return invalid("components", "APPLICATION_COMMAND_TOO_MANY_FIELDS");
  if (style !== 1 && style !== 2 && style !== 3 && style !== 4) return invalid("style", "BASE_TYPE_CHOICES");
  if (typeof label !== "string" || label.trim() === "" || label.length > 80)
    return invalid("label", "BASE_TYPE_BAD_LENGTH");
  if (typeof customId !== "string" || customId === "" || customId.length > 100)
    return invalid("custom_id", "BASE_TYPE_BAD_LENGTH");
  if (seen.has(customId)) return invalid("custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED");
  seen.add(customId);
  return undefined;
}

function unknownKey(button: Body): string | undefined {
  return Object.keys(button).find((key) => !["type", "style", "label", "custom_id", "emoji", "disabled"].includes(key));
}

/** The labels of a message's buttons, and what each sends. */
export function buttonsOf(components: unknown): readonly { readonly label: string; readonly customId: string }[] {
  const rows = (components ?? []) as readonly { readonly components: readonly Body[] }[];
  return rows.flatMap((row) =>
    row.components.map((button) => ({ label: String(button["label"]), customId: String(button["custom_id"]) })),
  );
}

/** What Discord says against the choices of an autocompletion. */
export function refuseChoices({ choices }: Body): Answer | undefined {
  if (!Array.isArray(choices) || choices.length > 25) return invalid("choices", "BASE_TYPE_BAD_LENGTH");
  return (choices as Body[]).map(refuseChoice).find(Boolean);
}

/** A choice of an option. */
export function refuseChoice({ name, value }: Body): Answer | undefined {
  if (typeof name !== "string" || name === "" || name.length > 100) return invalid("name", "BASE_TYPE_BAD_LENGTH");
  if (typeof value !== "string" || value.length > 100) return invalid("value", "BASE_TYPE_BAD_LENGTH");
  return undefined;
}

/** A form with labelled text fields. */
export function refuseModal({ custom_id: customId, title, components }: Body): Answer | undefined {
  if (typeof customId !== "string" || customId === "" || customId.length > 100)
    return invalid("custom_id", "BASE_TYPE_BAD_LENGTH");
  if (typeof title !== "string" || title === "" || title.length > 45) return invalid("title", "BASE_TYPE_BAD_LENGTH");
  if (!Array.isArray(components) || components.length < 1 || components.length > 5)
    return invalid("components", "BASE_TYPE_BAD_LENGTH");
  return (components as Body[]).map(refuseLabel).find(Boolean);
}

function refuseLabel({ type, label, component }: Body): Answer | undefined {
  if (type !== 18) return invalid("components", "UNION_TYPE_CHOICES");
  if (typeof label !== "string" || label === "" || label.length > 45) return invalid("label", "BASE_TYPE_BAD_LENGTH");
  const field = (component ?? {}) as Body;
  if (field["type"] !== 4) return invalid("component", "UNION_TYPE_CHOICES");
  if (field["style"] !== 1 && field["style"] !== 2) return invalid("style", "BASE_TYPE_CHOICES");
  if (typeof field["custom_id"] !== "string" || field["custom_id"] === "" || field["custom_id"].length > 100)
    return invalid("custom_id", "BASE_TYPE_BAD_LENGTH");
  const most = field["max_length"] ?? 4_000;
  if (typeof most !== "number" || most < 1 || most > 4_000) return invalid("max_length", "NUMBER_TYPE_MAX");
  return undefined;
}
