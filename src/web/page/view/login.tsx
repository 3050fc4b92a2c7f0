import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Chat } from "../chat.ts";

/** Asks for the access token that the operator set. */
export function Login({ chat }: { chat: Chat }) {
  const field = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [mistake, setMistake] = useState<string>();
  useLayoutEffect(() => field.current?.focus(), []);

  async function logIn(): Promise<void> {
    const token = field.current?.value.trim() ?? "";
    if (!token || busy) return;
    setBusy(true);
    setMistake(await chat.logIn(token));
    setBusy(false);
    field.current?.select();
  }

  return (
    <main class="login">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void logIn();
        }}
      >
        <h2>Welcome</h2>
        <p>This chat is private. Enter the access token that you were given.</p>
        <input type="text" name="username" autocomplete="username" value="parley" hidden readOnly />
        <label for="token">Access token</label>
        <input
          ref={field}
          id="token"
          type="password"
          autocomplete="current-password"
          maxLength={1_024}
          required
          aria-invalid={mistake !== undefined}
          aria-describedby="login-mistake"
        />
        <p id="login-mistake" class="mistake" role="alert">
          {mistake}
        </p>
        <button type="submit" class="primary" aria-busy={busy}>
          {busy ? "One moment …" : "Open the chat"}
        </button>
      </form>
    </main>
  );
}
