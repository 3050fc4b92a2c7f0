/**
 * How Node runs the program. A gateway makes much short-lived garbage, for which V8 would let its young generation grow to tens of
 * megabytes; collected in smaller bites it takes a third less memory at the same speed.
 */
export const nodeFlags = ["--max-semi-space-size=4"];
