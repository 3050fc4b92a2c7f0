import { readSession } from "../begin-session.ts";
import type { Persona } from "../domain/persona.ts";
import type { Session } from "../domain/session.ts";
import { say } from "../domain/words/say.ts";
import type { Gateway } from "../ports/gateway.ts";
import { buttonLabel, buttonRows } from "./button-rows.ts";
import type { CommandHandler, CommandResult } from "./command-handler.ts";

/** `/persona`: who the model can be. `/persona NAME` chooses for this conversation; `/persona default` takes it back. */
export const persona: CommandHandler = {
  isMenu: true,
  async run(argument, { message }, gateway) {
    const { language } = message;
    const { personas } = gateway.house;
    if (personas.length === 0) return say(language, "persona.empty");
    const session = await readSession(message, gateway);
    const name = argument.toLowerCase();
    if (name === "") return offer(session, language, gateway);
    if (name === "default") return await choose(session, undefined, { language, gateway });
    const chosen = personas.find((one) => one.name === name);
    return chosen
      ? await choose(session, chosen, { language, gateway })
      : say(language, "persona.unknown", { name: argument.slice(0, 40) });
  },
};

function offer({ persona }: Session, language: string | undefined, { house }: Gateway): CommandResult {
  const current = house.personas.find(({ name }) => name === persona);
  const lines = house.personas.map(({ name, title }) => `- \`/persona ${name}\` ${title}`);
  return {
    text: [
      current ? say(language, "persona.current", { title: current.title }) : say(language, "persona.none"),
      lines.join("\n"),
    ].join("\n\n"),
    buttons: buttonRows(
      [
        ...(current ? [{ label: say(language, "buttons.nobody"), command: "/persona default" }] : []),
        ...house.personas.map(({ name, title }) => ({ label: buttonLabel(title), command: `/persona ${name}` })),
      ],
      2,
    ),
  };
}

async function choose(
  { conversationId }: Session,
  chosen: Persona | undefined,
  { language, gateway }: { readonly language: string | undefined; readonly gateway: Gateway },
): Promise<string> {
  await gateway.sessions.setPersona(conversationId, chosen?.name);
  return chosen ? say(language, "persona.set", { title: chosen.title }) : say(language, "persona.takenBack");
}
