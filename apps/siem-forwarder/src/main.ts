import { readyUntilEnded } from '@mailwarden/config';
import { startForwarder } from './forwarder.js';
import { FORWARDER_SETTINGS_VARIABLE, loadForwarderSettings } from './forwarder-settings.js';

const FAILED = 1;

try {
  const forwarder = await startForwarder(await loadForwarderSettings(process.env[FORWARDER_SETTINGS_VARIABLE]));
  readyUntilEnded(() => forwarder.close());
} catch (cause) {
  process.stderr.write(`siem-forwarder: ${cause instanceof Error ? cause.message : 'failed'}\n`);
  process.exitCode = FAILED;
}
