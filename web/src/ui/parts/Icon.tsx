// The icons, drawn by hand on a grid of 16. They say nothing that words beside them do not say.

const PATHS = {
  market: "M2 13h12M3 10l3-4 3 2 4-6",
  orders: "M4 2h8v12H4zM6 5h4M6 8h4M6 11h2",
  portfolio: "M8 2v6h6A6 6 0 1 1 8 2zM10.500 1.500a4 4 0 0 1 4 4h-4z",
  wallet: "M2 4.500h11.500v9H2zM2 4.500l8-2.500v2.500M10 9h3.500",
  operator:
    "M8 5.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5zM8 1.500v2M8 12.500v2M1.500 8h2M12.500 8h2M3.400 3.400l1.400 1.400M11.200 11.200l1.400 1.400M3.400 12.600l1.400-1.400M11.200 4.800l1.400-1.400",
  system: "M2 3h12v8H2zM6 14h4M8 11v3",
  light:
    "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1",
  dark: "M13 10A6 6 0 0 1 6 3a6 6 0 1 0 7 7z",
  help: "M8 1.500a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13zM6 6.200a2 2 0 1 1 2.700 1.900c-.5.2-.7.6-.7 1.200M8 11.300v.2",
  bell: "M3.500 11.500c1-1 1.500-2.200 1.500-4.500a3 3 0 0 1 6 0c0 2.300.5 3.500 1.500 4.500zM6.500 13.500a1.600 1.600 0 0 0 3 0M8 2.500v1.500",
  user: "M8 2.500a2.700 2.700 0 1 1 0 5.400 2.700 2.700 0 0 1 0-5.400zM2.800 13.500c.6-2.600 2.600-4 5.200-4s4.600 1.400 5.200 4",
  close: "M4 4l8 8M12 4l-8 8",
  up: "M8 13V3M4 7l4-4 4 4",
  down: "M8 3v10M4 9l4 4 4-4",
  warn: "M8 2l6.500 11.500h-13zM8 6.500v3.500M8 11.800v.2",
  info: "M8 1.500a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13zM8 7.500v3.500M8 5v.2",
  done: "M3 8.500l3.500 3.500L13 4.500",
  search: "M7 2.500a4.500 4.500 0 1 1 0 9 4.500 4.500 0 0 1 0-9zM10.500 10.500L14 14",
  enter: "M9 2.500h4.500v11H9M2 8h7.500M6.500 5l3 3-3 3",
  leave: "M7 2.500H2.500v11H7M6 8h8M11 5l3 3-3 3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" aria-hidden="true">
      <path d={PATHS[name]} stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
