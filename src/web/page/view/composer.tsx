import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Chat } from "../chat.ts";
import { pageLimits } from "../limits.ts";
import { focusCalls, written } from "../written.ts";
import { CommandMenu, commandMenuId, commandOptionId, useCommandMenu } from "./command-menu.tsx";
import { SendIcon, StopIcon } from "./icons.tsx";

/** Where one writes. Enter sends, Shift+Enter starts a line, Escape stops the running answer. */
export function Composer({ chat }: { chat: Chat }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const menu = useCommandMenu(chat);
  const open = menu.matches.length > 0;
  const obstacle = obstacleTo(chat);
  const canSend = written.value.trim() !== "" && obstacle === undefined;
  const running = chat.room.running.value !== undefined;

  // A phone would cover half the page with its keyboard before it is wanted.
  useLayoutEffect(() => {
    if (matchMedia("(pointer: fine)").matches) field.current?.focus();
  }, []);
  useLayoutEffect(() => {
    if (focusCalls.value > 0) focusAtEnd(field.current);
  }, [focusCalls.value]);
  useEscape(() => (open ? menu.close() : chat.stop()));

  function send(): void {
    if (canSend && chat.outbox.add(withoutEmptyEnds(written.value))) written.value = "";
    field.current?.focus();
  }

  function pressed(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    const taken = menu.takes(event);
    const sends = event.key === "Enter" && !event.shiftKey;
    if (taken || sends) event.preventDefault();
    if (sends && !taken) send();
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <CommandMenu menu={menu} />
      <div class="writing">
        <div class="grows" data-text={written.value}>
          <textarea
            ref={field}
            rows={1}
            value={written.value}
            placeholder="Write a message"
            aria-label="Message"
            enterkeyhint="send"
            dir="auto"
            aria-autocomplete="list"
            aria-controls={open ? commandMenuId : undefined}
            aria-activedescendant={open ? commandOptionId(menu.chosen) : undefined}
            aria-invalid={obstacle !== undefined}
            aria-describedby="obstacle"
            onInput={(event) => (written.value = event.currentTarget.value)}
            onKeyDown={pressed}
          />
        </div>
        {running && <StopButton chat={chat} afterwards={() => field.current?.focus()} />}
        {(!running || canSend) && (
          <button type="submit" class="round send" aria-label="Send" title="Send (Enter)" disabled={!canSend}>
            <SendIcon />
          </button>
        )}
      </div>
      <p class="obstacle" id="obstacle" role="status">
        {obstacle}
      </p>
    </form>
  );
}

function StopButton({ chat, afterwards }: { chat: Chat; afterwards: () => void }) {
  return (
    <button
      type="button"
      class="round stop"
      aria-label="Stop"
      title="Stop (Esc)"
      aria-busy={chat.room.stopping.value}
      onClick={() => {
        chat.stop();
        afterwards(); // this button goes away
      }}
    >
      <StopIcon />
    </button>
  );
}

/** Why what is written cannot be sent now. */
function obstacleTo({ session, outbox }: Chat): string | undefined {
  const tooMany = written.value.length - (session.value?.limits.messageCharsMax ?? Infinity);
  if (tooMany > 0) return `Too long by ${tooMany.toLocaleString("en")} characters.`;
  if (outbox.items.value.length >= pageLimits.outboxMax) return "Too many messages wait to be sent.";
  return undefined;
}

/** Empty lines around it go; the first line keeps its indentation, for it may be code. */
function withoutEmptyEnds(text: string): string {
  return text.replace(/^\s*\n/, "").trimEnd();
}

/** The key belongs to an input method: its Enter picks a word. 229 is how Safari says so. */
function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}

function focusAtEnd(field: HTMLTextAreaElement | null): void {
  field?.focus();
  field?.setSelectionRange(field.value.length, field.value.length);
}

function useEscape(act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !isComposing(event)) latest.current();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);
}
