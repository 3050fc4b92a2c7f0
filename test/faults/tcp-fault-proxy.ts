import { connect, createServer, type NetConnectOpts, type Socket } from "node:net";
import { once } from "node:events";

/** A wire that can be cut, stopped, slowed, and made to lose an answer. */
export type TcpFaultProxy = {
  readonly port: number;
  /** Passes everything, also what a hang has held back. */
  pass(): void;
  /** Resets what is open and whatever comes. */
  refuse(): void;
  /** Takes connections and passes nothing, in both directions; nobody learns of it. */
  hang(): void;
  /** Each piece arrives this much later. */
  delayMs: number;
  /** Resets what is open. */
  cut(): void;
  /** The answer to the next request that `isIt` holds for is lost, and its connection with it: the server has done it, the client never hears. */
  loseAnswer(isIt: (request: Buffer) => boolean): Promise<void>;
  close(): Promise<void>;
};

type Pair = { readonly client: Socket; readonly server: Socket; losing?: () => void };
type Loss = { readonly isIt: (request: Buffer) => boolean; readonly lost: () => void };

/** Listens on a free port of 127.0.0.1 and passes on to `upstream`, and asks of each connection who is to be told from which port it comes there. */
export async function startTcpFaultProxy(
  upstream: NetConnectOpts,
  onConnection: () => (port: number) => void = () => () => {},
): Promise<TcpFaultProxy> {
  let mode: "pass" | "refuse" | "hang" = "pass";
  const pairs = new Set<Pair>();
  const losses: Loss[] = [];

  const listener = createServer((client) => {
    if (mode === "refuse") {
      client.resetAndDestroy();
      return;
    }
    const pair: Pair = { client, server: connect(upstream) };
    pairs.add(pair);
    const told = onConnection(); // now: whoever connects may be gone when upstream has heard of it
    pair.server.once("connect", () => told(pair.server.localPort ?? 0));
    const end = () => {
      pairs.delete(pair);
      // What is on its way still arrives.
      client.destroySoon();
      pair.server.destroySoon();
    };
    for (const socket of [client, pair.server])
      socket.setNoDelay(true).on("error", end).on("end", end).on("close", end);
    client.on("data", (piece: Buffer) => {
      const index = losses.findIndex(({ isIt }) => isIt(piece));
      const [loss] = index === -1 ? [] : losses.splice(index, 1);
      if (loss) pair.losing = loss.lost;
      hand(piece, client, pair.server);
    });
    pair.server.on("data", (piece: Buffer) => {
      pair.losing?.();
      if (pair.losing) end();
      else hand(piece, pair.server, client);
    });
    if (mode === "hang") stop(pair);
  });

  const hand = (piece: Buffer, from: Socket, to: Socket) => {
    if (proxy.delayMs === 0) {
      to.write(piece);
      return;
    }
    from.pause();
    setTimeout(() => {
      to.write(piece);
      if (mode !== "hang") from.resume();
    }, proxy.delayMs);
  };
  const cut = () => {
    for (const { client, server } of pairs) {
      client.resetAndDestroy();
      server.destroy();
    }
  };

  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  const proxy: TcpFaultProxy = {
    port: typeof address === "object" && address ? address.port : 0,
    delayMs: 0,
    pass() {
      mode = "pass";
      for (const { client, server } of pairs) for (const socket of [client, server]) socket.resume();
    },
    refuse() {
      mode = "refuse";
      cut();
    },
    hang() {
      mode = "hang";
      pairs.forEach(stop);
    },
    cut,
    loseAnswer: (isIt) => new Promise((lost) => losses.push({ isIt, lost })),
    async close() {
      mode = "refuse";
      cut();
      listener.close();
      await once(listener, "close");
    },
  };
  return proxy;
}

function stop({ client, server }: Pair): void {
  client.pause();
  server.pause();
}
