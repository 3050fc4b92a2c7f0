// Loaded before the program (node --import): its wall clock is off by CLOCK_OFFSET_MS, and jumps about by up to
// CLOCK_JUMP_MS every CLOCK_JUMP_EVERY_MS. Timers and performance.now() are those of a steady clock, as on a real machine.

const TrueDate = globalThis.Date;
const number = (name: string) => Number(process.env[name] ?? 0);
const [offsetMs, jumpMs, everyMs] = ["CLOCK_OFFSET_MS", "CLOCK_JUMP_MS", "CLOCK_JUMP_EVERY_MS"].map(number);

const now = (): number => {
  const trueMs = TrueDate.now();
  const step = everyMs ? Math.floor(trueMs / everyMs) : 0;
  return trueMs + (offsetMs ?? 0) + Math.round(Math.sin(step * 12.9898) * (jumpMs ?? 0));
};

class ShiftedDate extends TrueDate {
  constructor(...given: []) {
    super(...((given.length === 0 ? [now()] : given) as []));
  }

  static override now(): number {
    return now();
  }
}

Object.defineProperty(globalThis, "Date", { value: ShiftedDate, writable: true, configurable: true });
