import { beginSession } from "./begin-session.ts";
import { buildContext } from "./build-context.ts";
import { chooseModel } from "./choose-model.ts";
import { findCommand } from "./commands/find-command.ts";
import { AiError } from "./domain/errors.ts";
import { failpoint } from "./domain/failpoint.ts";
import type { ChannelMessage } from "./domain/message.ts";
import type { FinalReply, Reply } from "./domain/reply.ts";
import type { Session } from "./domain/session.ts";
import type { Turn } from "./domain/turn.ts";
import { sayFooter } from "./domain/words/say-footer.ts";
import { type Generated, generateReply } from "./generate-reply.ts";
import type { HeldTurn } from "./hold-turns.ts";
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
  if (!held.turn.reply) held.turn = await writeReply(held, gateway);
  return await sendReply(held, gateway);
}

async function writeReply(held: HeldTurn, gateway: Gateway): Promise<Turn> {
  const { turn } = held;
  if (turn.stopRequested)
    return await saveReply(
      turn,
      { text: sayFooter(turn.message.language, "footers.stopped"), end: "stopped" },
      gateway,
    );

  const command = findCommand(turn.message.text);
  if (!command) return await askModel(held, gateway);
  const text = await command.run(turn, gateway);
  failpoint("command-run", turn.message);
  return await saveReply(turn, { text, end: "complete" }, gateway);
}

async function askModel(held: HeldTurn, gateway: Gateway): Promise<Turn> {
  const { house, models, limits } = gateway;
  const { message } = held.turn;
  const session = await beginSession(held.turn, gateway);
  const choice = chooseModel(session, await house.model());
  const resolved = await models.resolve(choice.model);
  const model = resolved.kind === "unknown" ? await house.model() : resolved.model;

  const showDraft = async (draft: Reply) => {
    const before = held.turn;
    const after = await sendDraft(before, draft, gateway, held.writing);
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
  const saved = await saveReply(held.turn, reply, gateway, answer);
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
