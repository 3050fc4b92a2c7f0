import { randomUUID } from "node:crypto";
import type { ChatDraft, ChatStatus, ChatTurn, SessionAnswer } from "../../src/channels/web-chat/api.ts";
import { until } from "../until.ts";

/** A browser of one visitor: keeps cookies, and has opened the page. It asks for answers in `language`, an Accept-Language. */
export async function visitChat(url: string, language = "en") {
  const cookies = new Map<string, string>();

  async function request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("accept-language", language);
    headers.set("cookie", [...cookies].map((pair) => pair.join("=")).join("; "));
    const response = await fetch(url + path, { ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [name = "", value = ""] = line.split(";", 1)[0]?.split("=", 2) ?? [];
      cookies.set(name, value);
    }
    return response;
  }
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) =>
    request(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });

  const session = (await (await request("/api/chat/session")).json()) as SessionAnswer;
  return {
    session,
    cookies,
    request,
    post,
    write: async (text: string, id: string = randomUUID()) => ({
      id,
      response: await post("/api/chat/messages", { id, text }),
    }),
    stream: async (lastEventId?: string) =>
      readEvents(await request("/api/chat/events", lastEventId ? { headers: { "last-event-id": lastEventId } } : {})),
  };
}

export type SeenEvent =
  | { readonly name: "turn"; readonly id: string; readonly data: ChatTurn }
  | { readonly name: "draft"; readonly id: string; readonly data: ChatDraft }
  | { readonly name: "status"; readonly id: string; readonly data: ChatStatus };

/** Reads an event stream as EventSource does, and remembers everything. */
function readEvents(response: Response) {
  const events: SeenEvent[] = [];
  let isOpen = response.ok;
  let comments = 0;
  let lastId = "";
  const body = response.body;

  const take = (block: string) => {
    const fields = new Map(
      block.split("\n").map((line) => [line.split(": ", 1)[0], line.slice(line.indexOf(": ") + 2)]),
    );
    if (block.startsWith(":")) comments += 1;
    lastId = fields.get("id") ?? lastId;
    const name = fields.get("event");
    const data = fields.get("data");
    if (name && data) events.push({ name, id: lastId, data: JSON.parse(data) } as SeenEvent);
  };
  const reading = (async () => {
    let rest = "";
    try {
      for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const blocks = (rest + chunk).split("\n\n");
        rest = blocks.pop() ?? "";
        blocks.forEach(take);
      }
    } finally {
      isOpen = false;
    }
  })().catch(() => {});

  return {
    response,
    events,
    reading,
    isOpen: () => isOpen,
    comments: () => comments,
    turns: () => events.filter((event) => event.name === "turn").map(({ data }) => data),
    drafts: () => events.filter((event) => event.name === "draft").map(({ data }) => data),
    statuses: () => events.filter((event) => event.name === "status").map(({ data }) => data.state),
    untilLive: async () => until(() => events.some(({ name }) => name === "status"), "the stream is live"),
    /** The text that a page shows for the turn while it grows. */
    shownDraft: (turnId: string) =>
      events
        .filter((event) => event.name === "draft")
        .filter(({ data }) => data.turnId === turnId)
        .reduce((shown, { data }) => shown.slice(0, data.at) + data.text, ""),
  };
}
