import { parseArgs } from 'node:util';
import { CAPABILITIES, confine } from '@mailwarden/linux';
import { KEEPER_SETTINGS_VARIABLE } from './settings-variable.js';

const FAILED = 1;

const say = (line: string): void => void process.stderr.write(`egress-keeper: ${line}\n`);

try {
  const { values: asked } = parseArgs({ options: { remove: { type: 'boolean' }, lift: { type: 'string' }, reason: { type: 'string' } } });
  const file = process.env[KEEPER_SETTINGS_VARIABLE] ?? '';
  // To change the packet filter is all that it needs of the super-user's rights; root's own files it reads as their owner.
  confine({ capabilities: new Set([CAPABILITIES.netAdmin]), settings: { variable: KEEPER_SETTINGS_VARIABLE, file }, withoutNetwork: false });
  const { keepFilter, liftFilter, removeFilter } = await import('./keep-filter.js');
  if (asked.remove === true) await removeFilter(file, say);
  else if (asked.lift !== undefined) await liftFilter(file, { lift: asked.lift, reason: asked.reason ?? '' }, say);
  else await keepFilter(file, say);
} catch (cause) {
  say(cause instanceof Error ? cause.message : 'failed');
  process.exitCode = FAILED;
}
