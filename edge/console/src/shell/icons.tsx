// The few line icons of the page, drawn on a 20 × 20 grid.

const PATHS = {
  logo: "M4 5.5h12a1.5 1.5 0 0 1 1.5 1.5v6a1.5 1.5 0 0 1-1.5 1.5H9l-4 3v-3H4A1.5 1.5 0 0 1 2.5 13V7A1.5 1.5 0 0 1 4 5.5ZM6.5 10h2l1-2 1.5 4 1-2h1.5",
  hash: "M7.5 4 6 16M14 4l-1.5 12M4 7.5h12.5M3.5 12.5H16",
  lock: "M5.5 9h9v7h-9zM7 9V6.5a3 3 0 0 1 6 0V9",
  plus: "M10 4v12M4 10h12",
  menu: "M3 6h14M3 10h14M3 14h14",
  people:
    "M7.5 9.5a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5ZM2.5 16c.4-2.7 2.3-4 5-4s4.6 1.3 5 4M13 4.300a2.6 2.6 0 0 1 0 5M14.5 12.300c1.7.5 2.7 1.7 3 3.7",
  send: "M3 10 17 4l-4.5 13-3-5.500zM9.5 11.5 17 4",
  code: "m7 6-4 4 4 4M13 6l4 4-4 4",
  close: "m5 5 10 10M15 5 5 15",
  warning: "M10 3.5 18 16.500H2zM10 8.500v3.500M10 14.200v.1",
  "sign-out": "M10 3v6M6 5.500a6.2 6.2 0 1 0 8 0",
  leave: "M12 5V3.500H4v13h8V15M8 10h9M14 7l3 3-3 3",
  link: "M8.5 11.500a3 3 0 0 0 4.2 0l3-3a3 3 0 0 0-4.2-4.200L10 5.700M11.5 8.500a3 3 0 0 0-4.2 0l-3 3a3 3 0 0 0 4.2 4.200L10 14.3",
  down: "M10 4v12M5 11l5 5 5-5",
  more: "M4.500 10h.01M10 10h.01M15.500 10h.01",
  bell: "M5 14V9a5 5 0 0 1 10 0v5l1.500 1.500h-13zM8.500 17.500h3",
  search: "M9 14.500a5.500 5.500 0 1 0 0-11 5.500 5.500 0 0 0 0 11ZM13 13l4 4",
  shield: "M10 3 4 5.200v4.600c0 3.500 2.500 6 6 7.200 3.500-1.200 6-3.700 6-7.200V5.200zM10 7v3.500M10 13.200v.1",
  invite: "M8 9.500a2.750 2.750 0 1 0 0-5.500 2.750 2.750 0 0 0 0 5.500ZM3 16c.4-2.700 2.300-4 5-4 1.600 0 2.900.5 3.800 1.400M15 9v6M12 12h6",
  at: "M13 10a3 3 0 1 1-6 0 3 3 0 0 1 6 0ZM13 7v4.500a2 2 0 0 0 4 0V10a7 7 0 1 0-2.800 5.600",
  reply: "M8 5 3.5 9.5 8 14M4 9.5h7c3.5 0 5.5 2 5.5 5.5",
  thread: "M4 4h12v8.5H9.5L6 15.5v-3H4zM7 7h6M7 9.5h4",
  smile: "M10 17.2a7.2 7.2 0 1 0 0-14.4 7.2 7.2 0 0 0 0 14.4ZM7.3 8v.1M12.7 8v.1M6.8 11.5c1.6 2.5 4.8 2.5 6.4 0",
  up: "M10 16V4M5 9l5-5 5 5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
