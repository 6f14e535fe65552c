import 'reflect-metadata';
import { readSettings } from '@mailwarden/config';
import { startConsentRegistry } from './consent-registry.module.js';
import { registrySettings } from './registry-settings.js';

const service = await startConsentRegistry(readSettings(registrySettings, process.env));
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
