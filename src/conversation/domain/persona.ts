/** Somebody that the model can be, as the operator describes it. */
export type Persona = {
  /** What is written after `/persona`: 1 to 24 of a-z, 0-9, "_" and "-". */
  readonly name: string;
  /** What it is called where it is offered. */
  readonly title: string;
  /** The system prompt in place of the house's. */
  readonly instructions: string;
};
