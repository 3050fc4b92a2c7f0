import { copyText } from "../copy-text.ts";
import { highlightCode } from "./highlight-code.ts";

/** Gives code its language, colours (once `finished`) and a copy button, and lets wide tables scroll by themselves. */
export function furnishBlock(block: DocumentFragment, finished: boolean): void {
  for (const pre of block.querySelectorAll("pre")) furnishCode(pre, finished);
  for (const table of block.querySelectorAll("table")) {
    const frame = element("div", "table");
    frame.tabIndex = 0; // wide ones are scrolled by keyboard too
    table.replaceWith(frame);
    frame.append(table);
  }
}

function furnishCode(pre: HTMLPreElement, finished: boolean): void {
  const code = pre.querySelector("code");
  if (!code) return;
  const language = pre.dataset["language"] ?? "";
  if (finished) highlightCode(code, language.toLowerCase());
  pre.tabIndex = 0;
  const label = element("span", "language");
  label.textContent = language || "text";
  const head = element("div", "code-head");
  head.append(
    label,
    copyButton(() => code.textContent),
  );
  const frame = element("div", "code");
  frame.dir = "ltr";
  pre.replaceWith(frame);
  frame.append(head, pre);
}

function copyButton(read: () => string): HTMLButtonElement {
  const button = element("button", "copy");
  button.type = "button";
  button.textContent = "Copy";
  button.ariaLabel = "Copy code";
  button.addEventListener("click", () => {
    void copyText(read().replace(/\n$/, "")).then((copied) => {
      button.textContent = copied ? "Copied" : "Not allowed";
      setTimeout(() => (button.textContent = "Copy"), 1_600);
    });
  });
  return button;
}

function element<N extends keyof HTMLElementTagNameMap>(name: N, className: string): HTMLElementTagNameMap[N] {
  const made = document.createElement(name);
  made.className = className;
  return made;
}
