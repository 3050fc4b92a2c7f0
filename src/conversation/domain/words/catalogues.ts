import de from "./de.json" with { type: "json" };
import en from "./en.json" with { type: "json" };
import es from "./es.json" with { type: "json" };
import fr from "./fr.json" with { type: "json" };
import ja from "./ja.json" with { type: "json" };
import zh from "./zh.json" with { type: "json" };

/** Names a sentence: where it is said, and what it says. English has them all, and `npm run check` sees that the others do. */
export type Key = keyof typeof en;

/** By BCP 47 tag. */
export const catalogues = { en, de, es, fr, zh, ja } satisfies Record<string, Readonly<Record<Key, string>>>;

export type Language = keyof typeof catalogues;

export const languages = Object.keys(catalogues) as readonly Language[];
