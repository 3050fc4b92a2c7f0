import { useEffect, useState } from "preact/hooks";
import type { Chat } from "../chat.ts";
import type { Exchange } from "../transcript.ts";
import { editText } from "../written.ts";

/** How a message fares on its way to the server; nothing once it is kept. */
export function OutgoingNote({ chat, exchange }: { chat: Chat; exchange: Exchange }) {
  const state = exchange.outgoing?.state;
  if (!state || state.kind === "kept") return null;
  if (state.kind === "sending") return <p class="note mine late">Sending …</p>;
  if (state.kind === "held") return <p class="note mine">Waits until the server knows you again.</p>;
  if (state.kind === "retrying")
    return (
      <div class="note mine">
        <p>
          Not sent yet. <Countdown untilMs={state.atMs} />
        </p>
        <button type="button" class="quiet" onClick={() => chat.outbox.resume()}>
          Try now
        </button>
      </div>
    );
  return (
    <div class={`note mine ${state.kind}`} role="alert">
      <p>
        {state.sentence} {state.kind === "limited" && <Countdown untilMs={state.atMs} />}
      </p>
      <button type="button" class="quiet" onClick={() => takeBack(chat, exchange)}>
        Edit
      </button>
    </div>
  );
}

/** Only for what is known not to be kept: else it would be answered twice. */
function takeBack({ outbox }: Chat, { id, text }: Exchange): void {
  outbox.remove(id);
  editText(text);
}

function Countdown({ untilMs }: { untilMs: number }) {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(1, Math.ceil((untilMs - nowMs) / 1_000));
  return <span aria-hidden="true">Sent again by itself in {seconds} s.</span>;
}
