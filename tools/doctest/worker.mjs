// Runs one block, alone: what it leaves behind (seeds, gradient mode) ends with the thread.
import { parentPort, workerData } from 'node:worker_threads';

// What a page prints is for its reader.
process.stdout.write = () => true;
process.stderr.write = () => true;

try {
  await import(workerData.url);
  parentPort?.postMessage({ problem: undefined });
} catch (error) {
  const { name, message } = /** @type {Error} */ (error);
  parentPort?.postMessage({ problem: message?.startsWith('line ') ? message : `${name}: ${message}` });
}
// A timer or a port left open must not hold the run.
process.exit();
