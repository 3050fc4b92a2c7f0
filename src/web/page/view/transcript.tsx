import { useLayoutEffect, useRef } from "preact/hooks";
import type { Chat } from "../chat.ts";
import { useEndOfScroll } from "./end-of-scroll.ts";
import { ExchangeView } from "./exchange.tsx";
import { DownIcon } from "./icons.tsx";
import { Welcome } from "./welcome.tsx";

/** All that was said. Stays at its end while it grows, unless the person reads further up. */
export function Transcript({ chat }: { chat: Chat }) {
  const { exchanges, loaded, earlierExist } = chat.room;
  const end = useEndOfScroll();
  const empty = exchanges.value.length === 0;
  const newestOwnId = exchanges.value.findLast(({ outgoing }) => outgoing)?.id;
  useLayoutEffect(() => {
    if (newestOwnId) end.follow(); // who writes wants to see the answer
  }, [newestOwnId]);

  return (
    <div class="room">
      <main class="transcript" ref={end.scroller} tabIndex={-1}>
        <div class="column" ref={end.content}>
          {earlierExist.value && <EarlierButton chat={chat} keepPlace={end.keepPlace} />}
          {empty && loaded.value && <Welcome />}
          <div role="log" aria-live="off" aria-label="Conversation">
            <ol>
              {exchanges.value.map((exchange) => (
                <ExchangeView key={exchange.id} chat={chat} exchange={exchange} />
              ))}
            </ol>
          </div>
        </div>
      </main>
      {end.away.value && (
        <button type="button" class="to-end" onClick={() => end.follow()}>
          <DownIcon />
          {end.news.value ? "New messages" : <span class="unseen">To the newest message</span>}
        </button>
      )}
    </div>
  );
}

function EarlierButton({ chat, keepPlace }: { chat: Chat; keepPlace: () => void }) {
  const busy = useRef(false);
  async function load(): Promise<void> {
    if (busy.current) return;
    busy.current = true;
    await chat.loadEarlier(keepPlace);
    busy.current = false;
  }
  return (
    <button type="button" class="quiet earlier" onClick={() => void load()}>
      Show earlier messages
    </button>
  );
}
