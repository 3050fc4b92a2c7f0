import { readSession } from "../begin-session.ts";
import { chooseModel } from "../choose-model.ts";
import { codeOf } from "../domain/code-of.ts";
import type { Button } from "../domain/reply.ts";
import type { Session } from "../domain/session.ts";
import { say } from "../domain/words/say.ts";
import type { Gateway } from "../ports/gateway.ts";
import type { ResolvedModel } from "../ports/model-catalogue.ts";
import { buttonLabel, buttonRows } from "./button-rows.ts";
import type { CommandHandler, CommandResult } from "./command-handler.ts";

const listedMax = 25;
/** Buttons of a page; one more row turns the pages. */
const pageSize = 8;
const nameCharsMax = 200;
const conversationOption = "--conversation";

/**
 * `/model`: the current model, its reason, and the list, with buttons in pages: `/model page 2`. `/model NAME [--conversation]` sets
 * it, `/model ~CODE` too, where a name would be too long for a button; `/model default` takes it back.
 */
export const model: CommandHandler = {
  isMenu: true,
  async run(argument, { message }, gateway) {
    const { language } = message;
    const words = argument.split(/\s+/).filter(Boolean);
    const forConversation = words.includes(conversationOption);
    const name = words.filter((word) => word !== conversationOption).join(" ");
    const session = await readSession(message, gateway);

    const page = /^page (\d{1,4})$/.exec(name);
    if (name === "" || page) return await describe(session, { language, page: Number(page?.[1] ?? 1) }, gateway);
    if (name.length > nameCharsMax) return say(language, "model.tooLong");
    const where = forConversation ? "conversation" : "user";
    const setting = { session, language, where, gateway } as const;
    if (name.toLowerCase() === "default") return await unset(setting);
    const meant = name.startsWith("~") ? await readCode(name, gateway) : name;
    return await set(await gateway.models.resolve(meant), meant, setting);
  },
};

type Page = { readonly language: string | undefined; readonly page: number };

async function describe(
  session: Session,
  { language, page }: Page,
  { models, house }: Gateway,
): Promise<CommandResult> {
  const { model, reason } = chooseModel(session, await house.model());
  const all = await models.list();
  const listed = all.slice(0, listedMax).map(({ id }) => `- \`${id}\``);
  const more = all.length > listedMax ? [say(language, "model.more", { count: all.length - listedMax })] : [];
  const current = say(language, "model.current", { model, reason: say(language, `reasons.${reason}`) });
  if (listed.length === 0) return [current, say(language, "model.noList"), say(language, "model.choose")].join("\n\n");
  return {
    text: [
      current,
      [say(language, "model.available"), ...listed, ...more].join("\n"),
      say(language, "model.choose"),
    ].join("\n\n"),
    buttons: pageOf(
      all.map(({ id }) => id),
      { language, page },
    ),
  };
}

function pageOf(ids: readonly string[], { language, page }: Page): readonly (readonly Button[])[] {
  const pages = Math.ceil(ids.length / pageSize);
  const shown = Math.min(Math.max(page, 1), pages);
  const buttons = ids
    .slice((shown - 1) * pageSize, shown * pageSize)
    .map((id) => ({ label: buttonLabel(id), command: `/model ~${codeOf(id)}` }));
  const turn = (to: number, sign: string) => ({
    label: `${sign} ${say(language, "model.page", { page: to, pages })}`,
    command: `/model page ${to}`,
  });
  const turning = [...(shown > 1 ? [turn(shown - 1, "◀")] : []), ...(shown < pages ? [turn(shown + 1, "▶")] : [])];
  return [...buttonRows(buttons, 2), ...(turning.length > 0 ? [turning] : [])];
}

/** The model whose button was pressed, or the code itself when it is not offered any more. */
async function readCode(code: string, { models }: Gateway): Promise<string> {
  const all = await models.list();
  return all.find(({ id }) => `~${codeOf(id)}` === code)?.id ?? code;
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
