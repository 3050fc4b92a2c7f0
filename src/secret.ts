import { timingSafeEqual, createHash } from "node:crypto";
import { inspect } from "node:util";

/** A value that is never printed: however it is logged, joined or serialised, it shows as "[secret]". */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the one call that needs it. */
  reveal(): string {
    return this.#value;
  }

  /** Compares in constant time. */
  equals(candidate: string): boolean {
    return timingSafeEqual(digest(this.#value), digest(candidate));
  }

  /** Tells secrets apart without telling them. */
  fingerprint(): string {
    return digest(this.#value).toString("hex").slice(0, 12);
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}

/** Equal lengths for timingSafeEqual, whatever was sent. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
