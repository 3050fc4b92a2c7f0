import { readSession } from "../begin-session.ts";
import { chooseModel } from "../choose-model.ts";
import type { Session } from "../domain/session.ts";
import { say } from "../domain/words/say.ts";
import type { Gateway } from "../ports/gateway.ts";
import type { ResolvedModel } from "../ports/model-catalogue.ts";
import type { CommandHandler } from "./command-handler.ts";

const listedMax = 25;
const nameCharsMax = 200;
const conversationOption = "--conversation";

/** `/model`: the current model, its reason, and the list. `/model NAME [--conversation]` sets it; `/model default` takes it back. */
export const model: CommandHandler = {
  async run(argument, { message }, gateway) {
    const { language } = message;
    const words = argument.split(/\s+/).filter(Boolean);
    const forConversation = words.includes(conversationOption);
    const name = words.filter((word) => word !== conversationOption).join(" ");
    const session = await readSession(message, gateway);

    if (name === "") return await describe(session, language, gateway);
    if (name.length > nameCharsMax) return say(language, "model.tooLong");
    const where = forConversation ? "conversation" : "user";
    const setting = { session, language, where, gateway } as const;
    if (name.toLowerCase() === "default") return await unset(setting);
    return await set(await gateway.models.resolve(name), name, setting);
  },
};

async function describe(session: Session, language: string | undefined, { models, house }: Gateway): Promise<string> {
  const { model, reason } = chooseModel(session, await house.model());
  const all = await models.list();
  const listed = all.slice(0, listedMax).map(({ id }) => `- \`${id}\``);
  const more = all.length > listedMax ? [say(language, "model.more", { count: all.length - listedMax })] : [];
  return [
    say(language, "model.current", { model, reason: say(language, `reasons.${reason}`) }),
    listed.length > 0
      ? [say(language, "model.available"), ...listed, ...more].join("\n")
      : say(language, "model.noList"),
    say(language, "model.choose"),
  ].join("\n\n");
}

type Setting = {
  readonly session: Session;
  readonly language: string | undefined;
  readonly where: "conversation" | "user";
  readonly gateway: Gateway;
};

async function unset(setting: Setting): Promise<string> {
  const { session, language, where, gateway } = setting;
  await store(undefined, setting);
  const { model, reason } = chooseModel(
    { ...session, ...(where === "user" ? { preferredModel: "" } : { modelOverride: "" }) },
    await gateway.house.model(),
  );
  return say(language, "model.takenBack", { model, reason: say(language, `reasons.${reason}`) });
}

async function set(resolved: ResolvedModel, name: string, setting: Setting): Promise<string> {
  const { session, language, where } = setting;
  if (resolved.kind === "unknown") {
    const nearest = resolved.nearest.map((id) => `\`${id}\``).join(", ");
    return nearest ? say(language, "model.nearest", { name, nearest }) : say(language, "model.unknown", { name });
  }
  const { model } = resolved;
  await store(model, setting);
  const said = say(language, where === "conversation" ? "model.setHere" : "model.set", { model });
  if (where === "user" && session.modelOverride)
    return `${said}\n\n${say(language, "model.otherHere", { model: session.modelOverride })}`;
  if (resolved.kind === "replaced") return `${said}\n\n${say(language, "model.replaced", { name })}`;
  if (resolved.kind === "unverified") return `${said}\n\n${say(language, "model.unverified")}`;
  return said;
}

async function store(model: string | undefined, { session, where, gateway }: Setting): Promise<void> {
  if (where === "user") await gateway.sessions.setUserModel(session.userId, model);
  else await gateway.sessions.setConversationModel(session.conversationId, model);
}
