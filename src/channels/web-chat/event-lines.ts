import type { ChatEvents } from "./api.ts";
import type { RoomEvent } from "./follow-room.ts";

/** A room's events as the text of an event stream; the first line goes out at once, so that the browser sees it open. */
export async function* eventLines(events: AsyncIterable<RoomEvent>): AsyncGenerator<string, void, void> {
  yield "retry: 1000\n\n";
  for await (const event of events) yield lineOf(event);
}

function lineOf(event: RoomEvent): string {
  if (event.kind === "beat") return ":\n\n";
  if (event.kind === "draft") return named("draft", event.draft);
  if (event.kind === "status") return named("status", event.status);
  return `id: ${event.resumeId}\n${named("turn", event.turn)}`;
}

/** JSON has no bare line breaks, so one data line is enough. */
function named<Name extends keyof ChatEvents>(name: Name, data: ChatEvents[Name]): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
