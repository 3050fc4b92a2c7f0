import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from "fastify";
import fp from "fastify-plugin";

const builtPage = fileURLToPath(new URL("../../dist/page", import.meta.url));

/** The built page and its files, and what is said where nothing is: the page to people, JSON to programs. */
export function pageRoutes(pageDir = builtPage): FastifyPluginAsync {
  // fp: the not-found handler is the whole server's.
  return fp(async (app: FastifyInstance) => {
    const isBuilt = existsSync(join(pageDir, "index.html"));
    const sendPage = (reply: FastifyReply) =>
      isBuilt ? reply.sendFile("index.html") : reply.type("text/html; charset=utf-8").send(notBuilt);

    if (isBuilt) await app.register(fastifyStatic, { root: pageDir, index: "index.html", setHeaders: cacheByName });
    else app.get("/", { schema: { hide: true } }, async (_request, reply) => sendPage(reply));

    app.setNotFoundHandler((request, reply) => {
      reply.code(404);
      const isForPeople = request.method === "GET" && request.headers.accept?.includes("text/html");
      if (isForPeople && !request.url.startsWith("/api")) return sendPage(reply);
      return reply.send({ error: "not_found", message: "There is nothing here. What there is stands at /docs." });
    });
  });
}

/** Vite puts a hash into the name of each file in assets/: such a file never changes. */
function cacheByName(reply: FastifyReply, path: string): void {
  const isHashed = path.includes("/assets/") || path.includes("\\assets\\");
  reply.header("cache-control", isHashed ? "public, max-age=31536000, immutable" : "no-cache");
}

const notBuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Parley</title>
<h1>Parley is running, but its page is not built yet</h1>
<p>Run <code>npm run build</code> in Parley's folder, then start it again.</p>
<p>The API is at <a href="/docs">/docs</a>.</p>
</html>
`;
