import path from "node:path";

/**
 * How Node runs the program. A gateway makes much short-lived garbage, for which V8 would let its heap grow far beyond what it needs;
 * collected in smaller bites it takes a third less memory at nearly the same speed.
 */
export const nodeFlags = ["--max-semi-space-size=2", "--heap-growing-percent=50"];

/** Compiled code is kept between starts: that is faster, and the compiler's own memory (25 MB) is not needed again. */
export function compileCache(root) {
  return { NODE_COMPILE_CACHE: path.join(root, "node_modules", ".cache", "node") };
}
