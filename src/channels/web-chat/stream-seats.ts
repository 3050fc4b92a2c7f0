export type StreamSeats = ReturnType<typeof streamSeats>;

/** Counts open streams, so that nobody takes them all, and ends them together. */
export function streamSeats(perVisitorMax: number, totalMax: number) {
  const taken = new Map<AbortController, string>();
  const countOf = (visitor: string) => [...taken.values()].filter((other) => other === visitor).length;

  return {
    /** A seat until its controller aborts. "visitor": they have enough. "full": all are taken. */
    take(visitor: string): AbortController | "visitor" | "full" {
      if (taken.size >= totalMax) return "full";
      if (countOf(visitor) >= perVisitorMax) return "visitor";
      const seat = new AbortController();
      taken.set(seat, visitor);
      seat.signal.addEventListener("abort", () => taken.delete(seat), { once: true });
      return seat;
    },

    endAll(): void {
      for (const seat of taken.keys()) seat.abort();
    },
  };
}
