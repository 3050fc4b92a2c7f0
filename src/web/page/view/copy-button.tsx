import { useState } from "preact/hooks";
import { copyText } from "../copy-text.ts";

/** Copies an answer as its Markdown. */
export function CopyButton({ text }: { text: string }) {
  const [label, setLabel] = useState("Copy");
  async function copy(): Promise<void> {
    setLabel((await copyText(text)) ? "Copied" : "Not allowed");
    setTimeout(() => setLabel("Copy"), 1_600);
  }
  return (
    <button
      type="button"
      class="quiet copy-answer"
      aria-label={label === "Copy" ? "Copy answer" : label}
      onClick={() => void copy()}
    >
      {label}
    </button>
  );
}
