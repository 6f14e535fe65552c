import 'reflect-metadata';
import { readSettings, readyUntilEnded } from '@mailwarden/config';
import { startReporting } from './boot.js';
import { reportingSettings } from './reporting-settings.js';

const service = await startReporting(readSettings(reportingSettings, process.env));
readyUntilEnded(() => service.close());
