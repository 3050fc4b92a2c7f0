import { signal } from "@preact/signals";
import { createStoredText } from "./stored-text.ts";

export type Theme = "light" | "dark";

const choice = createStoredText("browser", "parley.theme");
const darkness = matchMedia("(prefers-color-scheme: dark)");

/** What is shown: the person's choice, else the system's. */
export const theme = signal<Theme>(chosenTheme() ?? systemTheme());

/** Shows the chosen theme, and the system's from then on as it changes, until the person chooses. */
export function startTheme(): void {
  theme.subscribe((value) => {
    document.documentElement.dataset["theme"] = value;
  });
  darkness.addEventListener("change", () => {
    theme.value = chosenTheme() ?? systemTheme();
  });
}

/** Back to the system's theme, the choice is forgotten: then it follows the system again. */
export function toggleTheme(): void {
  theme.value = theme.value === "dark" ? "light" : "dark";
  choice.write(theme.value === systemTheme() ? "" : theme.value);
}

function chosenTheme(): Theme | undefined {
  const chosen = choice.read();
  return chosen === "light" || chosen === "dark" ? chosen : undefined;
}

function systemTheme(): Theme {
  return darkness.matches ? "dark" : "light";
}
