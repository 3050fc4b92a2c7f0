import type { Stage } from "./scenario.ts";

const drainMs = 10_000;

/** SIGTERM to one instance after the other, each started again. Complains of what took too long, and of what a person at a page was told meanwhile. */
export async function restartAll({ cluster: { balancer, instances }, size, complain }: Stage) {
  const restarts = size === "long" ? 30 : 5;
  let slowestMs = 0;
  for (let restart = 0; restart < restarts; restart++) {
    const one = instances[restart % instances.length];
    if (!one) break;
    const { code, tookMs } = await one.terminate();
    slowestMs = Math.max(slowestMs, tookMs);
    if (code !== 0) complain(`${one.process} ended with ${code} on SIGTERM`);
    if (tookMs > drainMs) complain(`${one.process} took ${tookMs} ms to drain`);
    await one.start();
  }
  for (const failure of balancer.failures) complain(`the balancer answered ${failure}`);
  return { restarts, slowest: `${(slowestMs / 1_000).toFixed(1)} s` };
}
