import type { ServerResponse } from "node:http";
import { setImmediate } from "node:timers/promises";

/** Sees to it that a room is written to by one call at a time, whoever makes it. */
export type Flights = {
  /** A write has come; it is over when it is answered, or its caller has gone. */
  begin(room: string, what: string, response: ServerResponse): void;
};

type Flight = { readonly what: string; end?: "answered" | "left" };

/** Notes each call that came before the one before it was over. */
export function watchFlights(violations: string[]): Flights {
  const newest = new Map<string, Flight>();
  return {
    begin(room, what, response) {
      const before = newest.get(room);
      const flight: Flight = { what };
      newest.set(room, flight);
      response.once("finish", () => (flight.end ??= "answered")).once("close", () => (flight.end ??= "left"));
      response.once("close", () => newest.get(room) === flight && newest.delete(room));
      if (!before || before.end) return;
      void isLeft(before).then(
        (left) => left || violations.push(`${what} to ${room} while ${before.what} is under way`),
      );
    },
  };
}

/** That a caller has gone before the next one came is seen a few turns later: connections are read one after the other. */
async function isLeft(flight: Flight): Promise<boolean> {
  for (let turn = 0; turn < turnsMax && !flight.end; turn++) await setImmediate();
  return flight.end === "left";
}

const turnsMax = 20;
