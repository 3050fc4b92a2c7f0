/**
 * Waits until `condition` is truthy and returns its value.
 *
 * @throws Error that names `what`, after `timeoutMs`
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  what = "the condition",
  timeoutMs = 10_000,
): Promise<NonNullable<T>> {
  const endsAt = Date.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > endsAt) throw new Error(`${what} did not come true within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
