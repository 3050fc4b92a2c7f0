/** A message of ours. */
export type PartPlace = { readonly chatId: number; readonly messageId: number };

/** A part's id is its message's; one that was sent after its group had become a supergroup names that chat too, which has ids of its own. */
export function partId({ chatId, messageId }: PartPlace, roomChatId: number): string {
  return chatId === roomChatId ? String(messageId) : `${chatId}:${messageId}`;
}

/** @param roomChatId the chat of the room that the part is shown in */
export function readPart(part: string, roomChatId: number): PartPlace {
  const [first = "", second] = part.split(":");
  return second === undefined
    ? { chatId: roomChatId, messageId: Number(first) }
    : { chatId: Number(first), messageId: Number(second) };
}
