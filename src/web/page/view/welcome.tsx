import { editText } from "../written.ts";

const examples = [
  "Explain the difference between a mutex and a semaphore, with an example.",
  "Write a polite reply that declines a meeting and offers another day.",
  "Plan a weekend in Lisbon for someone who loves food and old trams.",
];

/** What a conversation that has not begun looks like. */
export function Welcome() {
  return (
    <section class="welcome">
      <h2>What shall we talk about?</h2>
      <p>Ask anything. Your messages are kept on this server, and an answer that is on its way survives a reload.</p>
      <ul>
        {examples.map((example) => (
          <li key={example}>
            <button type="button" onClick={() => editText(example)}>
              {example}
            </button>
          </li>
        ))}
      </ul>
      <p class="hint">
        Type <kbd>/</kbd> for commands.
      </p>
    </section>
  );
}
