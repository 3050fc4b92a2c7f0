import { render } from "preact";
import { openChat } from "./chat.ts";
import { fitViewport } from "./fit-viewport.ts";
import { startTheme } from "./theme.ts";
import { Page } from "./view/page.tsx";

startTheme();
fitViewport();
const end = new AbortController();
const root = document.getElementById("app");
if (root) render(<Page chat={openChat(end.signal)} />, root);
