// Starts the page.
import { render } from "preact";
import { App } from "./pages/App.tsx";
import { tellAccount } from "./pages/notices.ts";
import { matchOf } from "./pages/routes.ts";
import { followLinks } from "./ui/router/router.ts";
import { listenForShortcuts } from "./ui/shortcuts.ts";
import "./ui/styles/index.css";
import { applyTheme } from "./ui/theme.ts";
import { startVenue } from "./venue/venue.ts";

const root = document.querySelector("#page");
if (root === null) throw new Error("index.html has no element #page");

applyTheme();
followLinks((path) => path === "/" || matchOf(path) !== null);
listenForShortcuts();
tellAccount();
void startVenue();
render(<App />, root);
