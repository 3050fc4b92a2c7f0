import type { Scenario } from "../scenario.ts";

const drainMs = 10_000;

/** Deploys: SIGTERM to one instance after the other, each started again, while people write. */
export const rolling: Scenario = {
  name: "rolling",
  setting: (size) => ({
    telegram: "webhook",
    places: size === "long" ? { telegram: 90, web: 10 } : { telegram: 36, web: 4 },
  }),
  async run({ cluster: { balancer, instances }, size, talk, complain }) {
    const restarts = size === "long" ? 30 : 5;
    talk({ perSecond: 50 });
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
    return `${restarts} rolling SIGTERM restarts under 50 messages/s (slowest drain ${(slowestMs / 1_000).toFixed(1)} s)`;
  },
  drainSeconds: (size) => (size === "long" ? 30 : 60),
};
