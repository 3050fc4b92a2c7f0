import type { Chat } from "../chat.ts";
import { Announcer } from "./announcer.tsx";
import { Composer } from "./composer.tsx";
import { Header } from "./header.tsx";
import { Login } from "./login.tsx";
import { Transcript } from "./transcript.tsx";

/** The whole page: the login alone while one is needed, else the chat. Which of them, the server says first. */
export function Page({ chat }: { chat: Chat }) {
  const login = chat.session.value?.login;
  return (
    <div class="page">
      <Header chat={chat} />
      {login === "needed" && <Login chat={chat} />}
      {(login === "open" || login === "done") && (
        <>
          <Transcript chat={chat} />
          <Composer chat={chat} />
          <Announcer chat={chat} />
        </>
      )}
    </div>
  );
}
