/** A text that the browser keeps. Where it keeps nothing (a private window, full storage) it is forgotten; nothing throws. */
export type StoredText = {
  read(): string | undefined;
  /** An empty text is taken out. */
  write(text: string): void;
};

/** "page": outlives a reload, not the tab. "browser": outlives both and is shared by all tabs. */
export function createStoredText(lives: "page" | "browser", key: string): StoredText {
  const open = () => (lives === "page" ? sessionStorage : localStorage);
  return {
    read: () => attempt(() => open().getItem(key) ?? undefined),
    write(text) {
      attempt(() => (text ? open().setItem(key, text) : open().removeItem(key)));
    },
  };
}

/** A browser that forbids storage throws at the mention of it. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
