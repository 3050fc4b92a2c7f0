import type { ServerResponse } from "node:http";

/** Sees to it that a room is written to by one call at a time, whoever makes it. */
export type Flights = {
  /** A write has come; it is over when it is answered, or its caller has gone. */
  begin(room: string, what: string, response: ServerResponse): void;
};

/** Notes each call that came before the one before it was over. */
export function watchFlights(violations: string[]): Flights {
  const underWay = new Map<string, { readonly what: string; readonly response: ServerResponse }>();
  return {
    begin(room, what, response) {
      const other = underWay.get(room);
      if (other) violations.push(`${what} to ${room} while ${other.what} is under way`);
      underWay.set(room, { what, response });
      const end = () => {
        if (underWay.get(room)?.response === response) underWay.delete(room);
      };
      response.once("finish", end).once("close", end);
    },
  };
}
