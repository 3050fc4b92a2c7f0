import type { Chat, Connection } from "../chat.ts";
import { theme, toggleTheme } from "../theme.ts";
import { MoonIcon, SunIcon, Wordmark } from "./icons.tsx";

/** The wordmark, how we stand with the server (quiet while all is well), and the few things one sets. */
export function Header({ chat }: { chat: Chat }) {
  const dark = theme.value === "dark";
  return (
    <header class="header">
      <h1 class="wordmark">
        <Wordmark />
        Parley
      </h1>
      <p class="connection" role="status">
        {chat.session.value?.login !== "needed" && <Unsteadiness connection={chat.connection.value} />}
      </p>
      {chat.session.value?.login === "done" && (
        <button type="button" class="quiet" onClick={() => void chat.logOut()}>
          Log out
        </button>
      )}
      <button
        type="button"
        class="quiet icon"
        aria-label={dark ? "Use light colours" : "Use dark colours"}
        title={dark ? "Use light colours" : "Use dark colours"}
        onClick={toggleTheme}
      >
        {dark ? <SunIcon /> : <MoonIcon />}
      </button>
    </header>
  );
}

function Unsteadiness({ connection }: { connection: Connection }) {
  if (connection.kind === "live") return null;
  return <span class="unsteady">{sentence(connection)}</span>;
}

function sentence(connection: Exclude<Connection, { kind: "live" }>): string {
  if (connection.kind === "waiting") return connection.sentence;
  if (connection.kind === "connecting") return "Connecting …";
  return navigator.onLine ? "Reconnecting …" : "Offline. Waiting for the network …";
}
