import 'reflect-metadata';
import { readSettings } from '@mailwarden/config';
import { startRotationWorker } from './rotation-worker.module.js';
import { workerSettings } from './worker-settings.js';

const service = await startRotationWorker(readSettings(workerSettings, process.env));
process.send?.('ready');

let ending = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (ending) return;
    ending = true;
    service.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}
