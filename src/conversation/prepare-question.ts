import { beginSession } from "./begin-session.ts";
import { chooseModel } from "./choose-model.ts";
import { failpoint } from "./domain/failpoint.ts";
import type { ChannelMessage } from "./domain/message.ts";
import type { ReadAttachment, Session, Spoken } from "./domain/session.ts";
import { say } from "./domain/words/say.ts";
import { fetchPictures, isPicture, type Pictures } from "./fetch-pictures.ts";
import type { HeldTurn } from "./hold-turns.ts";
import type { Gateway } from "./ports/gateway.ts";
import { readAttachments } from "./read-attachments.ts";
import { type Readings, tellReadings } from "./tell-readings.ts";

/** All that the model is asked with. */
export type Question = {
  readonly message: ChannelMessage;
  readonly spoken: Spoken;
  readonly session: Session;
  /** The model that was chosen. */
  readonly asked: string;
  /** The one that serves for it today. */
  readonly model: string;
  readonly images: Pictures["images"];
  readonly readings: Readings;
  /** There is nothing in the message that could be answered: the readings are the answer. */
  readonly isMute: boolean;
};

/**
 * Reads what came with the message (the turn's own, or one that stands for it), records what it says, and finds out who is to answer.
 *
 * @throws ChannelError, AiError, StoreError, or why the turn is to be let go
 */
export async function prepareQuestion(held: HeldTurn, message: ChannelMessage, gateway: Gateway): Promise<Question> {
  const spoken = await readAttachments(held, message, gateway);
  failpoint("attachments-read", message);
  const session = await beginSession({ ...held.turn, message }, spoken, gateway);
  const { asked, model } = await findModel(session, gateway);
  const { images, missed, blindness } = await see(held, { spoken, session, model }, gateway);
  const isMute = !hasWords(message) && !spoken.attachments.some((attachment) => isAnswerable(attachment, images));
  const { heard, troubles } = tellReadings(spoken, missed, { isMute, language: message.language });
  const readings = { heard, troubles: blindness === undefined ? troubles : [...troubles, blindness] };
  return { message, spoken, session, asked, model, images, readings, isMute };
}

async function findModel(session: Session, { house, models }: Gateway): Promise<{ asked: string; model: string }> {
  const { model: asked } = chooseModel(session, await house.model());
  const resolved = await models.resolve(asked);
  return { asked, model: resolved.kind === "unknown" ? await house.model() : resolved.model };
}

function hasWords({ text, replyTo, forwarded = [] }: ChannelMessage): boolean {
  return [text, replyTo?.text ?? "", ...forwarded.map((quoted) => quoted.text)].some((one) => one.trim() !== "");
}

function isAnswerable(attachment: ReadAttachment, images: Pictures["images"]): boolean {
  const { kind } = attachment.reading;
  return kind === "document" || kind === "heard" || images.has(attachment);
}

type Sight = Pictures & { readonly blindness?: string };

/** The pictures, for a model that may be able to see them; a model that is known to be blind is not asked to. */
async function see(
  held: HeldTurn,
  { spoken, session, model }: Pick<Question, "spoken" | "session" | "model">,
  gateway: Gateway,
): Promise<Sight> {
  const isShown = spoken.attachments.some(isPicture);
  if (!isShown && !session.history.some(({ attachments = [] }) => attachments.some(isPicture))) return nothingSeen;
  const models = await gateway.models.list();
  if (models.find(({ id }) => id === model)?.readsImages !== false)
    return await fetchPictures(held, { spoken, session }, gateway);
  const other = models.find(({ readsImages }) => readsImages === true)?.id;
  return isShown ? { ...nothingSeen, blindness: sayBlindness(model, other, held) } : nothingSeen;
}

const nothingSeen: Pictures = { images: new Map(), missed: new Map() };

function sayBlindness(model: string, other: string | undefined, { turn }: HeldTurn): string {
  const { language } = turn.message;
  if (other === undefined) return say(language, "attachments.blind", { model });
  return say(language, "attachments.blindUnlike", { model, other });
}
