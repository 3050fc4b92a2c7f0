import { setTimeout as sleep } from "node:timers/promises";
import type { AiClient, Prompt } from "../conversation/ports/ai-client.ts";

/** Answers offline, word by word and always the same, so that a newcomer sees everything work before choosing an AI. */
export function demoClient(wordMs = 25): AiClient {
  return {
    async *stream(prompt, signal) {
      signal.throwIfAborted();
      const text = demoReply(prompt);
      for (const word of text.match(/\s*\S+/g) ?? []) {
        if (wordMs > 0) await sleep(wordMs, undefined, { signal }).catch(() => {});
        signal.throwIfAborted();
        yield { text: word };
      }
      yield { end: "complete", model: "demo", usage: countTokens(prompt, text) };
    },
  };
}

function demoReply({ messages }: Prompt): string {
  const question = messages.at(-1)?.content ?? "";
  const earlier = messages.filter(({ role }) => role === "user").length - 1;
  return `**This is Parley's built-in demo**, not an AI: it answers offline, and always like this.

You wrote: “${quote(question)}”

What you see here works the same with a real model:

- the answer streams, and is formatted for the place you read it in
- the conversation is remembered (${earlier === 0 ? "this is its first message" : `${earlier} earlier ${earlier === 1 ? "message" : "messages"} of yours`})
- commands work: \`/help\`, \`/model\`, \`/status\`, \`/reset\`

To connect a real model, put one of these lines into \`.env\` and start Parley again:

\`\`\`sh
OPENAI_API_KEY=…       # or ANTHROPIC_API_KEY, GOOGLE_API_KEY, GROQ_API_KEY, …
AI_BASE_URL=http://127.0.0.1:11434/v1   # or any OpenAI-compatible server, such as Ollama
\`\`\``;
}

/** The question's beginning on one line, harmless as Markdown. */
function quote(question: string): string {
  const line = question
    .replaceAll(/[`*_~[\]<>|\\#]/g, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  return line.length > 120 ? `${line.slice(0, 119).replace(/[\uD800-\uDBFF]$/, "")}…` : line;
}

function countTokens({ messages }: Prompt, text: string) {
  const promptChars = messages.reduce((sum, { content }) => sum + content.length, 0);
  return { promptTokens: Math.ceil(promptChars / 4), completionTokens: Math.ceil(text.length / 4) };
}
