import type { FastifyRequest } from "fastify";

/**
 * A browser says that another site makes this request. `Sec-Fetch-Site` decides where it is sent (https and
 * localhost), since it holds behind a proxy that changes Host; else Origin must name this host. Neither: no browser.
 */
export function isFromAnotherSite(request: FastifyRequest): boolean {
  const { origin, host } = request.headers;
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  if (origin === undefined) return false;
  const from = URL.canParse(origin) ? new URL(origin).host : undefined;
  return from === undefined || (from !== host && from !== request.host);
}

/** The Host header names this machine itself. */
export function isThisMachine(host: string | undefined): boolean {
  const name = /^(\[[^\]]*\]|[^:]*)(:\d+)?$/.exec(host ?? "")?.[1];
  return name === "localhost" || name === "[::1]" || /^127(\.\d{1,3}){3}$/.test(name ?? "");
}
