import { answerButtons, stopButton } from "./answer-buttons.ts";
import { buildContext } from "./build-context.ts";
import { findCommand } from "./commands/find-command.ts";
import { AiError } from "./domain/errors.ts";
import { failpoint } from "./domain/failpoint.ts";
import type { ChannelMessage } from "./domain/message.ts";
import type { FinalReply, Reply } from "./domain/reply.ts";
import type { Turn } from "./domain/turn.ts";
import { sayFooter } from "./domain/words/say-footer.ts";
import { type Generated, generateReply } from "./generate-reply.ts";
import type { HeldTurn } from "./hold-turns.ts";
import { markMessage } from "./mark-message.ts";
import type { AiChunk, AiEnd } from "./ports/ai-client.ts";
import type { Gateway } from "./ports/gateway.ts";
import type { Answer } from "./ports/inbox.ts";
import { prepareQuestion, type Question } from "./prepare-question.ts";
import { saveReply } from "./save-reply.ts";
import { writeInstructions } from "./write-instructions.ts";
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
  if (!(await takePlace(held, gateway))) return await saveReply(held, { text: "", end: "complete" }, gateway);
  const { message, stopRequested } = held.turn;
  if (stopRequested)
    return await saveReply(held, { text: sayFooter(message.language, "footers.stopped"), end: "stopped" }, gateway);

  const command = findCommand(message);
  if (!command) return await askModel(held, message, gateway);
  const result = await command.run(held.turn, gateway);
  failpoint("command-run", message);
  if (typeof result === "string") return await saveReply(held, { text: result, end: "complete" }, gateway);
  if (!("ask" in result)) return await saveReply(held, { ...result, end: "complete" }, gateway);
  held.turn = { ...held.turn, shown: result.shown ?? held.turn.shown };
  return await askModel(held, result.ask, gateway);
}

/**
 * Lets the turn's reply stand where an earlier one stood, if the message is about that. An edit asks what its question says by now.
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
  if (about) failpoint("place-taken", turn.message);
  if (taken) held.turn = { ...turn, shown: taken.shown };
  if (about?.kind === "deleted") return false;
  if (about?.kind !== "edited") return true;
  const { id, address } = turn.message;
  if (taken) held.turn = { ...held.turn, message: { ...taken.question, id, address, about } };
  return taken !== undefined;
}

/** `message` is what is asked: the turn's own, or one that a command puts in its place. */
async function askModel(held: HeldTurn, message: ChannelMessage, gateway: Gateway): Promise<Turn> {
  const asking: { question?: Question; startedAtMs: number } = { startedAtMs: performance.now() };
  const stream = async function* (): AsyncGenerator<AiChunk> {
    const question = await prepareQuestion(held, message, gateway);
    asking.question = question;
    asking.startedAtMs = performance.now();
    yield* question.isMute ? sayReadings(question) : streamFitting(question, gateway, held);
  };
  const asker = message.author.id === held.turn.message.author.id ? {} : { askerId: message.author.id };
  const stopping = { buttons: stopButton(message.language), ...asker };
  const showDraft = async (draft: Reply) => {
    const before = held.turn;
    const shown = { ...withHeard(draft, asking.question), ...stopping };
    const after = await sendDraft(before, shown, gateway, held.writing);
    if (after !== before) held.turn = after; // a "typing" that comes back late knows fewer parts
  };
  const editIntervalMs = gateway.channels.get(message.channel)?.editIntervalMs(message) ?? 0;
  const showing = { ...gateway.limits, editIntervalMs, ...(message.language && { language: message.language }) };
  const generated = await generateReply(stream, showDraft, showing, held.writing.signal);
  failpoint("written", message);

  const { question } = asking;
  if (!question || question.isMute) return await saveReply(held, generated.reply, gateway);
  const answer = toAnswer(generated, question, performance.now() - asking.startedAtMs);
  const reply = withNotices(withHeard(generated.reply, question), question, generated.end);
  const buttons = answerButtons(reply, message.language);
  const saved = await saveReply(held, { ...reply, buttons, ...asker }, gateway, answer);
  gateway.journal.answered(saved, answer);
  return saved;
}

async function* sayReadings({ readings, model }: Question): AsyncGenerator<AiChunk> {
  yield { text: readings.troubles.join("\n") };
  yield { end: "complete", model };
}

const halvingsMax = 3;

/** Asks with as much history as the model takes: where it is too much, with half, before anything is shown. */
async function* streamFitting(question: Question, gateway: Gateway, held: HeldTurn): AsyncGenerator<AiChunk> {
  const { message, spoken, session, model, images } = question;
  const { ai, house, limits } = gateway;
  const { pictureTokens, replyTokensMax } = limits;
  for (let halvings = 0; ; halvings++) {
    const tokensMax = limits.contextTokensMax / 2 ** halvings;
    const options = { instructions: writeInstructions(session, house), tokensMax, images, pictureTokens };
    const messages = buildContext(session, { ...message, spoken }, options);
    failpoint("prompt-built", message);
    await held.writing.sure();
    try {
      for await (const chunk of ai.stream({ model, messages, replyTokensMax }, held.writing.signal, held.check)) {
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

function toAnswer({ text, end }: Generated, { session, model }: Question, latencyMs: number): Answer {
  const { userId, conversationId } = session;
  return { userId, conversationId, text, model: end?.model ?? model, latencyMs, ...end?.usage };
}

/** What was heard stands above the answer, so that the person sees what is answered. */
function withHeard<R extends Reply>(reply: R, question: Question | undefined): R {
  const heard = question?.readings.heard;
  return heard && reply.text.trim() ? { ...reply, text: `${heard}\n\n${reply.text}` } : reply;
}

/** Says what was not read, and when someone else answered than was asked for. */
function withNotices(
  reply: FinalReply,
  { message: { language }, asked, model, spoken, images, readings }: Question,
  end: AiEnd | undefined,
): FinalReply {
  const answered = end?.model ?? model;
  const isUnseen = end?.imagesRefused && spoken.attachments.some((attachment) => images.has(attachment));
  const notices = [
    reply.footer,
    ...readings.troubles.map((trouble) => `*(${trouble})*`),
    isUnseen && sayFooter(language, "footers.picturesRefused", { model: answered }),
    model === asked ? undefined : sayFooter(language, "footers.replacedModel", { name: asked, model }),
    answered === model ? undefined : sayFooter(language, "footers.otherModel", { asked: model, answered }),
  ].filter(Boolean);
  return notices.length === 0 ? reply : { ...reply, footer: notices.join("\n") };
}
