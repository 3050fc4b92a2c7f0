import type { ChannelMessage } from "../domain/message.ts";
import type { Reply } from "../domain/reply.ts";
import type { Turn } from "../domain/turn.ts";
import type { Gateway } from "../ports/gateway.ts";

/** What one command does. Its words for help and menus stand in `command-words.ts`. */
export type CommandHandler = {
  /** Whether, pressed with an argument, its answer takes the place of the one with the button, as in a menu. */
  readonly isMenu?: true;
  /**
   * Does it and returns what comes of it. A crash may repeat it before its answer is saved, so repeating it must do no harm.
   *
   * @throws StoreError
   */
  run(argument: string, turn: Turn, gateway: Gateway): Promise<CommandResult>;
};

export type CommandResult =
  /** What the person is told, as Markdown. */
  | string
  | Omit<Reply, "end">
  /** The model answers this message instead; in the place of the parts in `shown`, if there are any. */
  | { readonly ask: ChannelMessage; readonly shown?: readonly string[] };
