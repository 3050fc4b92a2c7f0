import type { ModelChoice, Session } from "./domain/session.ts";

/** The ModelSelector, pure: the conversation's model, else the person's, else the channel's, else the system's. */
export function chooseModel(
  { modelOverride, preferredModel, channelModel }: Pick<Session, "modelOverride" | "preferredModel" | "channelModel">,
  systemModel: string,
): ModelChoice {
  if (modelOverride) return { model: modelOverride, reason: "conversation" };
  if (preferredModel) return { model: preferredModel, reason: "user" };
  if (channelModel) return { model: channelModel, reason: "channel" };
  return { model: systemModel, reason: "system" };
}
