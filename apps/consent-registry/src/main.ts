import 'reflect-metadata';
import { readSettings, readyUntilEnded } from '@mailwarden/config';
import { startConsentRegistry } from './consent-registry.module.js';
import { registrySettings } from './registry-settings.js';

const service = await startConsentRegistry(readSettings(registrySettings, process.env));
readyUntilEnded(() => service.close());
