import { readyUntilEnded } from '@mailwarden/config';
import { createLogger } from '@mailwarden/observability';
import { DemoFleet } from './demo-fleet.js';
import { loadSettings } from './settings.js';

/** Standard output carries the word `ready` alone; the log goes to standard error. */
const log = createLogger({ service: 'demo-fleet', level: process.env['MAILWARDEN_DEMO_LOG_LEVEL'] ?? 'info', destination: process.stderr });
try {
  const fleet = await DemoFleet.prepare(await loadSettings(process.env), log);
  fleet.run();
  process.stdout.write('ready\n');
  readyUntilEnded(() => fleet.stop());
} catch (cause) {
  log.fatal({ err: cause }, 'the demo fleet cannot start');
  process.exitCode = 1;
}
