import 'reflect-metadata';
import { readSettings, readyUntilEnded } from '@mailwarden/config';
import { startRotationWorker } from './rotation-worker.module.js';
import { workerSettings } from './worker-settings.js';

const service = await startRotationWorker(readSettings(workerSettings, process.env));
readyUntilEnded(() => service.close());
