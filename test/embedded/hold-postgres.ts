import { startEmbeddedPostgres } from "../../src/store/embedded/embedded-postgres.ts";

// A program of its own for the tests to kill: node hold-postgres.ts FOLDER [leave]
// It says "ready" and its URL, and stops on SIGTERM; with "leave" it ends at once, without stopping anything.
const [, , dataDir = "", leave] = process.argv;
const postgres = await startEmbeddedPostgres({ dataDir, log: () => {} });
console.log(`ready ${postgres.url}`);
if (leave) process.exit(0);

const alive = setInterval(() => {}, 60_000);
process.once("SIGTERM", () => {
  clearInterval(alive);
  void postgres.stop();
});
