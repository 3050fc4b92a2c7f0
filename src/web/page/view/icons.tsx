/** Two who talk. */
export function Wordmark() {
  return (
    <svg class="glyph" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M4 6a3 3 0 0 1 3-3h13a3 3 0 0 1 3 3v7a3 3 0 0 1-3 3h-9l-5 4v-4.2A3 3 0 0 1 4 13z" />
      <path
        class="second"
        d="M26 11a3 3 0 0 1 3 3v8a3 3 0 0 1-2 2.800V29l-5-4h-9a3 3 0 0 1-3-3v-2.600l1.600-1.400H20a5 5 0 0 0 5-5v-2z"
      />
    </svg>
  );
}

export function SendIcon() {
  return <Icon path="M12 19V5M6 11l6-6 6 6" />;
}

export function StopIcon() {
  return (
    <svg class="glyph" viewBox="0 0 24 24" aria-hidden="true">
      <rect x="7" y="7" width="10" height="10" rx="2" />
    </svg>
  );
}

export function DownIcon() {
  return <Icon path="M12 5v14M6 13l6 6 6-6" />;
}

export function SunIcon() {
  return (
    <Icon path="M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M4 12H2M22 12h-2M5 5l1.400 1.400M17.600 17.600 19 19M19 5l-1.400 1.400M6.400 17.600 5 19" />
  );
}

export function MoonIcon() {
  return <Icon path="M20 14.500A8 8 0 0 1 9.500 4 8 8 0 1 0 20 14.500z" />;
}

function Icon({ path }: { path: string }) {
  return (
    <svg class="line-icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
