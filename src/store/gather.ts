import { StoreError } from "../conversation/domain/errors.ts";

export type Gathering<In, Out> = {
  /** Carries out a batch; answers in its order. */
  readonly run: (batch: readonly In[]) => Promise<readonly Out[]>;
  readonly sizeMax: number;
  /** Two items of one key are never under way together, and keep their order. */
  readonly keyOf: (item: In) => string;
};

type Waiting<In, Out> = {
  readonly item: In;
  readonly resolve: (result: Out) => void;
  readonly reject: (error: unknown) => void;
};

const batchesAtOnce = 2;

/**
 * One statement and one commit for what many want written at the same time: calls that come while a batch is under way make the next
 * one. Alone, a call waits for nobody. A batch that fails for another reason than an absent database is tried one by one, so that
 * nobody fails for somebody else's data. How many can wait is bounded by those who call.
 */
export function gather<In, Out>({ run, sizeMax, keyOf }: Gathering<In, Out>): (item: In) => Promise<Out> {
  const waiting: Waiting<In, Out>[] = [];
  const underWay = new Set<string>();
  let batches = 0;
  let isDue = false;

  const flush = () => {
    isDue = false;
    while (batches < batchesAtOnce) {
      const batch = takeBatch(waiting, underWay, { sizeMax, keyOf });
      if (batch.length === 0) return;
      batches++;
      void carryOut(batch, run).then(() => {
        for (const { item } of batch) underWay.delete(keyOf(item));
        batches--;
        flush();
      });
    }
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (isDue) return;
      isDue = true;
      setImmediate(flush); // what arrived with the same turn of the event loop goes together
    });
}

/** The oldest whose keys are free; what waits for its key stays, and so does all of that key behind it. */
function takeBatch<In, Out>(
  waiting: Waiting<In, Out>[],
  underWay: Set<string>,
  { sizeMax, keyOf }: Pick<Gathering<In, Out>, "sizeMax" | "keyOf">,
): Waiting<In, Out>[] {
  const batch: Waiting<In, Out>[] = [];
  const left: Waiting<In, Out>[] = [];
  for (const one of waiting) {
    const key = keyOf(one.item);
    if (batch.length === sizeMax || underWay.has(key)) left.push(one);
    else {
      underWay.add(key);
      batch.push(one);
    }
  }
  waiting.splice(0, waiting.length, ...left);
  return batch;
}

async function carryOut<In, Out>(batch: readonly Waiting<In, Out>[], run: Gathering<In, Out>["run"]): Promise<void> {
  try {
    const results = await run(batch.map(({ item }) => item));
    batch.forEach(({ resolve }, index) => resolve(results[index] as Out));
  } catch (error) {
    if (batch.length > 1 && !(error instanceof StoreError)) for (const one of batch) await carryOut([one], run);
    else for (const { reject } of batch) reject(error);
  }
}
