// Ends this process, as SIGTERM does, when the one that started it is gone. npm hands a signal to its shell, and the shell
// (Debian's) to nobody: without this, whoever ends `npm start` would leave the program behind.
import process from "node:process";
import { isMainThread } from "node:worker_threads";

const everyMs = 500;
const parent = process.ppid;

if (isMainThread && process.platform !== "win32") {
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, "SIGTERM");
  }, everyMs);
  watch.unref();
}
