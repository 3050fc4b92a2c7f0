import type { Chat } from "../chat.ts";
import { Announcer } from "./announcer.tsx";
import { Composer } from "./composer.tsx";
import { Header } from "./header.tsx";
import { Login } from "./login.tsx";
import { Transcript } from "./transcript.tsx";

/** The whole page: the login alone while one is needed, else the chat. */
export function Page({ chat }: { chat: Chat }) {
  if (chat.session.value?.login === "needed")
    return (
      <div class="page">
        <Header chat={chat} />
        <Login chat={chat} />
      </div>
    );
  return (
    <div class="page">
      <Header chat={chat} />
      <Transcript chat={chat} />
      <Composer chat={chat} />
      <Announcer chat={chat} />
    </div>
  );
}
