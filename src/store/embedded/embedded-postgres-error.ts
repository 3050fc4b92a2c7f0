/** The embedded database cannot be used. The message is for the operator: what, why, what to do. Holds no secret. */
export class EmbeddedPostgresError extends Error {
  override name = "EmbeddedPostgresError";
  readonly reason: EmbeddedPostgresFailure;

  constructor(reason: EmbeddedPostgresFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

export type EmbeddedPostgresFailure =
  /** Another process runs on the same data. */
  | "in-use"
  /** No PostgreSQL runs on this platform, or npm did not install it. */
  | "no-program"
  /** The folder cannot be made, entered or written. */
  | "no-place"
  /** The data is of another major version. */
  | "other-version"
  /** PostgreSQL itself says no. */
  | "broken"
  /** It took too long. */
  | "not-ready";
