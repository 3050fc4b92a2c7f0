import type { Turn } from "../domain/turn.ts";
import type { Gateway } from "../ports/gateway.ts";

/** What one command does. Its words for help and menus stand in `command-words.ts`. */
export type CommandHandler = {
  /**
   * Does it and returns what the person is told, as Markdown. A crash may repeat it before its answer is saved, so repeating it must do no harm.
   *
   * @throws StoreError
   */
  run(argument: string, turn: Turn, gateway: Gateway): Promise<string>;
};
