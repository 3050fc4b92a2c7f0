import type { Button, FinalReply } from "./domain/reply.ts";
import { say } from "./domain/words/say.ts";

/** Under an answer that is being written. */
export function stopButton(language: string | undefined): readonly (readonly Button[])[] {
  return [[{ label: say(language, "buttons.stop"), command: "/stop" }]];
}

/** Under an answer of a model: what can be done with it next. */
export function answerButtons({ end }: FinalReply, language: string | undefined): readonly (readonly Button[])[] {
  const canGoOn = end === "length" || end === "stopped";
  return [
    [
      ...(canGoOn ? [{ label: say(language, "buttons.continue"), command: "/continue" }] : []),
      { label: say(language, "buttons.regenerate"), command: "/regenerate" },
      { label: say(language, "buttons.model"), command: "/model" },
    ],
  ];
}
