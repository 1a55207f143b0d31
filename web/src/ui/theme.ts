// Light or dark: as the system says until the person says otherwise, which is remembered on this device.
import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const THEMES: readonly Theme[] = ["system", "light", "dark"];
const KEY = "pricetime.theme";

export const theme = signal<Theme>(remembered());

/** Changes with every change of the colours that are in force, also where the system changes them. */
export const themeChanges = signal(0);

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
}

/** The computed colour of a token such as `--up`, for what is drawn on a canvas. */
export function colourOf(token: `--${string}`): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

/** Put the theme on the document, now and at each change. Called once. */
export function applyTheme(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => themeChanges.value++);
  effect(() => {
    const chosen = theme.value;
    if (chosen === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = chosen;
    remember(chosen);
    themeChanges.value = themeChanges.peek() + 1;
  });
}

function remembered(): Theme {
  try {
    const known = localStorage.getItem(KEY);
    return THEMES.find((each) => each === known) ?? "system";
  } catch {
    return "system";
  }
}

function remember(chosen: Theme): void {
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}
