import { parentPort, workerData } from 'node:worker_threads';
import { haveOwnWorkingFolder, lowerPriority } from '@mailwarden/linux';
import { ThreadScan } from './thread-scan.js';
import type { FromThread, ThreadStart, ToThread } from './thread-messages.js';

/** A thread that walks one place after the other, as it is told. It works without turning to its event loop, so it speaks and never listens meanwhile. */
const port = parentPort;
if (port === null) throw new Error('this file is for a thread');
const { plan, beats, wanted, givesWay } = workerData as ThreadStart;
const beat = new Int32Array(beats);
const hungry = new Int32Array(wanted);
const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
const say = (message: FromThread): void => port.postMessage(message);

if (givesWay) lowerPriority();
const scan = new ThreadScan(
  plan,
  {
    beat: () => {
      beat[0] = ((beat[0] ?? 0) + 1) | 0;
      if (beat[1] !== 0) process.exit(); // Given up meanwhile: what it would find is nobody's. It ends this thread alone.
    },
    isWanted: () => Atomics.load(hungry, 0) > 0,
    give: (place) => {
      Atomics.sub(hungry, 0, 1);
      say({ kind: 'give', place });
    },
  },
  haveOwnWorkingFolder(),
);

port.on('message', (message: ToThread) => {
  if (message.kind === 'end') {
    port.close();
    return;
  }
  const walk = scan.walk(message.place);
  let stretch = walk.next();
  while (stretch.done !== true) {
    if (stretch.value > 0) Atomics.wait(never, 0, 0, stretch.value);
    stretch = walk.next();
  }
  say({ kind: 'found', found: stretch.value });
});
