import type { ChatReply, ChatTurn } from "../../../channels/web-chat/api.ts";
import type { Chat } from "../chat.ts";
import type { Exchange } from "../transcript.ts";
import { CopyButton } from "./copy-button.tsx";
import { Markdown } from "./markdown.tsx";
import { OutgoingNote } from "./outgoing-note.tsx";
import { SaveButton } from "./save-button.tsx";

/** One message and its answer; a steering command as a quiet line between. */
export function ExchangeView({ chat, exchange }: { chat: Chat; exchange: Exchange }) {
  const { kind, turn, text } = exchange;
  if (kind === "stop") return <StopLine chat={chat} exchange={exchange} />;
  if (kind === "reset" && turn?.reply) return <ResetLine reply={turn.reply} />;
  return (
    <li class="exchange">
      <Said exchange={exchange} />
      <OutgoingNote chat={chat} exchange={exchange} />
      {turn?.state === "waiting" && <Growing chat={chat} turn={turn} />}
      {turn?.reply && <Answer reply={turn.reply} />}
      {turn?.state === "failed" && (
        <div class="note">
          <p>This message could not be answered.</p>
          <button type="button" class="quiet" onClick={() => chat.outbox.add(text)}>
            Send it again
          </button>
        </div>
      )}
    </li>
  );
}

function Said({ exchange: { text, turn, outgoing } }: { exchange: Exchange }) {
  return (
    <div class="said" data-state={outgoing?.state.kind ?? "kept"}>
      <span class="unseen">You: </span>
      <p dir="auto" title={turn && new Date(turn.keptAtMs).toLocaleString()}>
        {text}
      </p>
    </div>
  );
}

/** The running answer, or a sign that it is being thought about, or its place in the queue. */
function Growing({ chat, turn }: { chat: Chat; turn: ChatTurn }) {
  const draft = chat.room.drafts.value.get(turn.turnId);
  if (draft?.text)
    return (
      <div class="answer growing" data-testid="draft">
        <Markdown text={draft.text} growing />
        <Footer markdown={draft.footer} />
      </div>
    );
  if (chat.room.running.value?.turn?.turnId !== turn.turnId) return <p class="note">Next in line</p>;
  return (
    <div class="thinking" data-testid="thinking">
      <span class="unseen">Thinking</span>
      <i />
      <i />
      <i />
    </div>
  );
}

function Answer({ reply }: { reply: ChatReply }) {
  return (
    <div class="answer" data-testid="answer">
      <span class="unseen">Parley: </span>
      <Markdown text={reply.text} growing={false} />
      <Footer markdown={reply.footer} />
      {reply.file && <SaveButton file={reply.file} />}
      {reply.text && (
        <div class="actions">
          <CopyButton text={reply.text} />
        </div>
      )}
    </div>
  );
}

function Footer({ markdown }: { markdown: string | undefined }) {
  if (!markdown) return null;
  return (
    <footer class="footer">
      <Markdown text={markdown} growing={false} />
    </footer>
  );
}

function ResetLine({ reply }: { reply: ChatReply }) {
  return (
    <li class="divider" data-testid="divider">
      <span>{reply.text}</span>
    </li>
  );
}

/** A /stop shows in the answer that it ended; only when there was none, or it was refused, it has words of its own. */
function StopLine({ chat, exchange }: { chat: Chat; exchange: Exchange }) {
  if (exchange.outgoing?.state.kind === "refused")
    return (
      <li class="exchange">
        <OutgoingNote chat={chat} exchange={exchange} />
      </li>
    );
  if (!exchange.turn?.reply) return null;
  return (
    <li class="aside">
      <Markdown text={exchange.turn.reply.text} growing={false} />
    </li>
  );
}
