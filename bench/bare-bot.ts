import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

// What Parley is measured beside: the least that answers. Webhook → AI → sendMessage, as in a tutorial: nothing is stored,
// checked, remembered, limited, retried or logged, and what runs when it dies is lost.

const { TELEGRAM_API_ROOT, TELEGRAM_TOKEN, AI_BASE_URL, AI_API_KEY, DEFAULT_MODEL } = process.env;

type Update = { readonly message?: { readonly chat: { readonly id: number }; readonly text?: string } };
type Chunk = { readonly choices: readonly { readonly delta?: { readonly content?: string | null } }[] };

const server = createServer((request, response) => void receive(request, response).catch(console.error));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address) console.log(`The bare bot is on: http://127.0.0.1:${address.port}`);
});

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { message } = JSON.parse(await readText(request)) as Update;
  response.end("ok");
  if (message?.text) await sendMessage(message.chat.id, await ask(message.text));
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk as string;
  return text;
}

async function ask(question: string): Promise<string> {
  const response = await fetch(`${AI_BASE_URL}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${AI_API_KEY}` },
    body: JSON.stringify({ model: DEFAULT_MODEL, stream: true, messages: [{ role: "user", content: question }] }),
  });
  let answer = "";
  let rest = "";
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) answer += readLine(line);
  }
  return answer;
}

function readLine(line: string): string {
  if (!line.startsWith("data: ") || line === "data: [DONE]") return "";
  const { choices } = JSON.parse(line.slice("data: ".length)) as Chunk;
  return choices[0]?.delta?.content ?? "";
}

async function sendMessage(chatId: number, text: string): Promise<void> {
  const response = await fetch(`${TELEGRAM_API_ROOT}/bot${TELEGRAM_TOKEN}/sendMessage`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ chat_id: chatId, text }),
  });
  await response.json();
}
