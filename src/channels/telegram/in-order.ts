/** Lets calls of one kind follow each other. */
export type InOrder = {
  /** Runs `task` when those before it have ended, however they did. */
  run<T>(key: string, task: () => Promise<T>): Promise<T>;
  /** Resolves when none is under way. Never rejects. */
  settled(key: string): Promise<void>;
};

/** Remembers a key only while something is under way. */
export function inOrder(): InOrder {
  const underWay = new Map<string, Promise<unknown>>();

  return {
    async run(key, task) {
      const running = (underWay.get(key) ?? Promise.resolve()).then(task);
      const ended = running.catch(() => {});
      underWay.set(key, ended);
      try {
        return await running;
      } finally {
        if (underWay.get(key) === ended) underWay.delete(key);
      }
    },

    async settled(key) {
      await underWay.get(key);
    },
  };
}
