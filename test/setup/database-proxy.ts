import type { NetConnectOpts } from "node:net";
import { startTcpFaultProxy, type TcpFaultProxy } from "../faults/tcp-fault-proxy.ts";

/** A way to a database that can be cut or hang, and the URL that takes it. */
export async function databaseProxy(
  databaseUrl: string,
): Promise<{ readonly way: TcpFaultProxy; readonly url: string }> {
  const { username, password, pathname } = new URL(databaseUrl);
  const way = await startTcpFaultProxy(addressOf(databaseUrl));
  return { way, url: `postgres://${username}:${password}@127.0.0.1:${way.port}${pathname}` };
}

/** The tests' server may listen on a socket in a folder that travels as `host`. */
function addressOf(url: string): NetConnectOpts {
  const { hostname, port, searchParams } = new URL(url);
  const folder = searchParams.get("host");
  return folder ? { path: `${folder}/.s.PGSQL.${port}` } : { host: hostname, port: Number(port) };
}
