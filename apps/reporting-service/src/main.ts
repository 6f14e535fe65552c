import 'reflect-metadata';
import { readSettings } from '@mailwarden/config';
import { startReporting } from './boot.js';
import { reportingSettings } from './reporting-settings.js';

const service = await startReporting(readSettings(reportingSettings, process.env));
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
