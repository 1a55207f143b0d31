// The frame around every page: skip link, bar with navigation and tools, the page, what is told and notified.
import type { ComponentChildren } from "preact";
import { IconButton } from "../parts/Button.tsx";
import { Icon, type IconName } from "../parts/Icon.tsx";
import { place } from "../router/router.ts";
import { Help, showHelp } from "./Help.tsx";
import { LiveRegion } from "./LiveRegion.tsx";
import { ThemeSwitch } from "./ThemeSwitch.tsx";
import { Toasts } from "./Toasts.tsx";

export interface NavigationItem {
  readonly path: string;
  readonly title: string;
  readonly icon: IconName;
}

interface ShellProps {
  readonly home: string;
  readonly navigation: readonly NavigationItem[];
  /** At the right end of the bar. */
  readonly tools: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Shell({ home, navigation, tools, children }: ShellProps) {
  return (
    <div class="shell">
      <a class="skip button" href="#main">
        Skip to the page
      </a>
      <header class="bar">
        <a class="brand" href={home} aria-label="pricetime, the market">
          <Brand />
          <span aria-hidden="true">pricetime</span>
        </a>
        <nav class="pages" aria-label="Pages">
          {navigation.map((item) => (
            <a key={item.path} href={item.path} aria-current={isWithin(item.path) ? "page" : undefined}>
              <Icon name={item.icon} size={18} />
              {item.title}
            </a>
          ))}
        </nav>
        <div class="tools">
          {tools}
          <span class="desk">
            <IconButton icon="help" label="Keyboard shortcuts" onPress={showHelp} />
          </span>
          <ThemeSwitch />
        </div>
      </header>
      <main class="main" id="main" tabIndex={-1}>
        {children}
      </main>
      <Toasts />
      <LiveRegion />
      <Help />
    </div>
  );
}

function isWithin(path: string): boolean {
  return place.value.path === path || place.value.path.startsWith(`${path}/`);
}

function Brand() {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" fill="currentColor" aria-hidden="true">
      <path d="M3 8h3v7H3zM8.500 5h3v7h-3zM14 8h3v6h-3z" />
      <path d="M4.500 5v13M10 2v13M15.500 5v13" stroke="currentColor" stroke-width="1.2" />
    </svg>
  );
}
