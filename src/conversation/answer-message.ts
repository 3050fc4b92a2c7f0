import { beginSession } from "./begin-session.ts";
import { buildContext } from "./build-context.ts";
import { chooseModel } from "./choose-model.ts";
import { findCommand } from "./commands/find-command.ts";
import { AiError } from "./domain/errors.ts";
import { failpoint } from "./domain/failpoint.ts";
import type { ChannelMessage } from "./domain/message.ts";
import { answerButtons, stopButton } from "./answer-buttons.ts";
import type { FinalReply, Reply } from "./domain/reply.ts";
import type { Session } from "./domain/session.ts";
import type { Turn } from "./domain/turn.ts";
import { sayFooter } from "./domain/words/say-footer.ts";
import { type Generated, generateReply } from "./generate-reply.ts";
import type { HeldTurn } from "./hold-turns.ts";
import { markMessage } from "./mark-message.ts";
import type { AiChunk } from "./ports/ai-client.ts";
import type { Gateway } from "./ports/gateway.ts";
import type { Answer } from "./ports/inbox.ts";
import { saveReply } from "./save-reply.ts";
import { sendDraft, sendReply } from "./send-reply.ts";

/**
 * The MessageHandler: the story of one message. A turn that a crash interrupted after saving is only sent.
 *
 * @returns whether the room has another turn waiting
 * @throws AiError, ChannelError, StoreError, LeaseLostError, or the reason of a signal
 */
export async function answerMessage(held: HeldTurn, gateway: Gateway): Promise<boolean> {
  const { wasQueued, message } = held.turn;
  if (!held.turn.reply) held.turn = await writeReply(held, gateway);
  const more = await sendReply(held, gateway);
  if (wasQueued) markMessage(message, "taken", gateway);
  return more;
}

async function writeReply(held: HeldTurn, gateway: Gateway): Promise<Turn> {
  const { message, stopRequested } = held.turn;
  if (stopRequested)
    return await saveReply(
      held.turn,
      { text: sayFooter(message.language, "footers.stopped"), end: "stopped" },
      gateway,
    );
  if (!(await takePlace(held, gateway))) return await saveReply(held.turn, { text: "", end: "complete" }, gateway);

  const command = findCommand(message);
  if (!command) return await askModel(held, message, gateway);
  const result = await command.run(held.turn, gateway);
  failpoint("command-run", message);
  if (typeof result === "string") return await saveReply(held.turn, { text: result, end: "complete" }, gateway);
  if (!("ask" in result)) return await saveReply(held.turn, { ...result, end: "complete" }, gateway);
  held.turn = { ...held.turn, shown: result.shown ?? held.turn.shown };
  return await askModel(held, result.ask, gateway);
}

/**
 * Lets the turn's reply stand where an earlier one stood, if the message is about that.
 *
 * @returns false when nothing is to be said: a deletion, and an edit of what is not the last question any more
 */
async function takePlace(held: HeldTurn, { revisions }: Gateway): Promise<boolean> {
  const { turn } = held;
  const { about } = turn.message;
  const taken = await (() => {
    switch (about?.kind) {
      case "edited":
        return revisions.takeOver(turn, about, "newest");
      case "deleted":
        return revisions.erase(turn, about);
      case "pressed":
        return findCommand(turn.message)?.isMenu && revisions.takeOver(turn, about, "any");
      case undefined:
        return undefined;
    }
  })();
  if (taken) held.turn = { ...turn, shown: taken.shown };
  if (about?.kind === "deleted") return false;
  return about?.kind !== "edited" || taken !== undefined;
}

/** `message` is what is asked: the turn's own, or one that a command puts in its place. */
async function askModel(held: HeldTurn, message: ChannelMessage, gateway: Gateway): Promise<Turn> {
  const { house, models, limits } = gateway;
  const session = await beginSession({ ...held.turn, message }, gateway);
  const choice = chooseModel(session, await house.model());
  const resolved = await models.resolve(choice.model);
  const model = resolved.kind === "unknown" ? await house.model() : resolved.model;

  const stopping = { buttons: stopButton(message.language) };
  const showDraft = async (draft: Reply) => {
    const before = held.turn;
    const after = await sendDraft(before, { ...draft, ...stopping }, gateway, held.writing);
    if (after !== before) held.turn = after; // a "typing" that comes back late knows fewer parts
  };
  const editIntervalMs = gateway.channels.get(message.channel)?.editIntervalMs(message) ?? 0;
  const startedAtMs = performance.now();
  const stream = () => streamFitting({ message, session, model }, gateway, held);
  const showing = { ...limits, editIntervalMs, ...(message.language && { language: message.language }) };
  const generated = await generateReply(stream, showDraft, showing, held.writing.signal);
  failpoint("written", message);

  const answer = toAnswer(generated, session, model, performance.now() - startedAtMs);
  const told = { asked: choice.model, used: model, answered: answer.model };
  const reply = withModelNotice(generated.reply, told, message.language);
  const buttons = answerButtons(reply, message.language);
  const saved = await saveReply(held.turn, { ...reply, buttons }, gateway, answer);
  gateway.journal.answered(saved, answer);
  return saved;
}

type Question = { readonly message: ChannelMessage; readonly session: Session; readonly model: string };

const halvingsMax = 3;

/** Asks with as much history as the model takes: where it is too much, with half, before anything is shown. */
async function* streamFitting(question: Question, gateway: Gateway, held: HeldTurn): AsyncGenerator<AiChunk> {
  const { message, session, model } = question;
  const { ai, house, limits } = gateway;
  for (let halvings = 0; ; halvings++) {
    const tokensMax = limits.contextTokensMax / 2 ** halvings;
    const messages = buildContext(session, message, { instructions: house.instructions, tokensMax });
    failpoint("prompt-built", message);
    held.check();
    try {
      const prompt = { model, messages, replyTokensMax: limits.replyTokensMax };
      for await (const chunk of ai.stream(prompt, held.writing.signal)) {
        failpoint("end" in chunk ? "text-ended" : "text-came", message);
        yield chunk;
      }
      return;
    } catch (error) {
      const canShrink = error instanceof AiError && error.kind === "too_long" && messages.length > 2;
      if (!canShrink || halvings === halvingsMax) throw error;
    }
  }
}

function toAnswer(
  { text, end }: Generated,
  { userId, conversationId }: Session,
  model: string,
  latencyMs: number,
): Answer {
  return { userId, conversationId, text, model: end?.model ?? model, latencyMs, ...end?.usage };
}

/** Says when someone else answered than was asked for. */
function withModelNotice(
  reply: FinalReply,
  { asked, used, answered }: { asked: string; used: string; answered: string },
  language: string | undefined,
): FinalReply {
  const notices = [
    reply.footer,
    used === asked ? undefined : sayFooter(language, "footers.replacedModel", { name: asked, model: used }),
    answered === used ? undefined : sayFooter(language, "footers.otherModel", { asked: used, answered }),
  ].filter((notice) => notice !== undefined);
  return notices.length === 0 ? reply : { ...reply, footer: notices.join("\n") };
}
