import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that systems give to whoever asks for any. */
const [portMin, portMax] = [10_000, 32_000];
/** Each says to all who look for a port that this one has an owner. UDP's ports are others than TCP's, so they are in nobody's way. */
const marks: Socket[] = [];

/** A port for a server that must come back at the same address: nobody else is given it while this process runs. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = portMin + Math.floor(Math.random() * (portMax - portMin));
    const mark = createSocket("udp4");
    const isOurs = await listens(mark, () => mark.bind(port, "127.0.0.1"));
    const server = createServer();
    const isFree = isOurs && (await listens(server, () => server.listen(port, "127.0.0.1")));
    server.close();
    if (isFree) {
      marks.push(mark.unref());
      return port;
    }
    mark.close();
  }
}

async function listens(socket: NodeJS.EventEmitter, listen: () => void): Promise<boolean> {
  const listening = once(socket, "listening");
  listen();
  return await listening.then(
    () => true,
    () => false,
  );
}
