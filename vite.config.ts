import { defineConfig } from "vite";

/** Builds the chat page from src/web/page into dist/page: hashed files, nothing inline, so that a strict CSP can hold. */
export default defineConfig({
  root: "src/web/page",
  build: {
    outDir: "../../../dist/page",
    emptyOutDir: true,
    target: ["chrome123", "firefox121", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  plugins: [
    {
      name: "paint-once",
      transformIndexHtml: {
        order: "post",
        // Nothing is painted before the script has set the theme that the person chose.
        handler: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"'),
      },
    },
  ],
});
