import { readSession } from "../begin-session.ts";
import { chooseModel } from "../choose-model.ts";
import type { ModelChoice, Session } from "../domain/session.ts";
import type { Gateway } from "../ports/gateway.ts";
import type { ResolvedModel } from "../ports/model-catalogue.ts";
import type { CommandHandler } from "./command-handler.ts";

const listedMax = 25;
const nameCharsMax = 200;
const conversationOption = "--conversation";

/** Why a model answers, in words. */
export const modelReasons: Readonly<Record<ModelChoice["reason"], string>> = {
  conversation: "set for this conversation",
  user: "your choice",
  channel: "the default of this channel",
  system: "the default",
};

/** `/model`: the current model, its reason, and the list. `/model NAME [--conversation]` sets it; `/model default` takes it back. */
export const model: CommandHandler = {
  async run(argument, { message }, gateway) {
    const words = argument.split(/\s+/).filter(Boolean);
    const forConversation = words.includes(conversationOption);
    const name = words.filter((word) => word !== conversationOption).join(" ");
    const session = await readSession(message, gateway);

    if (name === "") return await describe(session, gateway);
    if (name.length > nameCharsMax) return "That is too long for the name of a model.";
    const where = forConversation ? "conversation" : "user";
    if (name.toLowerCase() === "default") return await unset(session, where, gateway);
    return await set(await gateway.models.resolve(name), name, { session, where, gateway });
  },
};

async function describe(session: Session, { models, house }: Gateway): Promise<string> {
  const { model, reason } = chooseModel(session, await house.model());
  const all = await models.list();
  const listed = all.slice(0, listedMax).map(({ id }) => `- \`${id}\``);
  const more = all.length > listedMax ? [`… and ${all.length - listedMax} more.`] : [];
  return [
    `Current model: \`${model}\` (${modelReasons[reason]}).`,
    listed.length > 0 ? ["Available:", ...listed, ...more].join("\n") : "The AI provider does not list its models.",
    `Choose with \`/model NAME\`, or \`/model NAME ${conversationOption}\` for this conversation only; \`/model default\` takes it back.`,
  ].join("\n\n");
}

type Setting = { readonly session: Session; readonly where: "conversation" | "user"; readonly gateway: Gateway };

async function unset(session: Session, where: Setting["where"], gateway: Gateway): Promise<string> {
  await store(undefined, { session, where, gateway });
  const now = chooseModel(
    { ...session, ...(where === "user" ? { preferredModel: "" } : { modelOverride: "" }) },
    await gateway.house.model(),
  );
  return `Model set to: ${now.model} (${modelReasons[now.reason]})`;
}

async function set(resolved: ResolvedModel, name: string, setting: Setting): Promise<string> {
  if (resolved.kind === "unknown") {
    const nearest = resolved.nearest.map((id) => `\`${id}\``).join(", ");
    return `There is no model “${name}”.${nearest ? ` Did you mean ${nearest}?` : ""} \`/model\` lists them.`;
  }
  await store(resolved.model, setting);
  const scope = setting.where === "conversation" ? " (for this conversation)" : "";
  const said = `Model set to: ${resolved.model}${scope}`;
  if (setting.where === "user" && setting.session.modelOverride)
    return `${said}\n\nThis conversation goes on with ${setting.session.modelOverride}; \`/model default ${conversationOption}\` ends that.`;
  if (resolved.kind === "replaced") return `${said}\n\n${name} stands for it now: that name itself is not offered.`;
  if (resolved.kind === "unverified")
    return `${said}\n\nI could not check whether it exists, for the AI provider does not list its models.`;
  return said;
}

async function store(model: string | undefined, { session, where, gateway }: Setting): Promise<void> {
  if (where === "user") await gateway.sessions.setUserModel(session.userId, model);
  else await gateway.sessions.setConversationModel(session.conversationId, model);
}
