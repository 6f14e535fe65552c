import { CAPABILITIES, confine } from '@mailwarden/linux';
import { KEEPER_SETTINGS_VARIABLE } from './settings-variable.js';

const REMOVE = '--remove';
const FAILED = 1;

const say = (line: string): void => void process.stderr.write(`egress-keeper: ${line}\n`);

try {
  const file = process.env[KEEPER_SETTINGS_VARIABLE] ?? '';
  // To change the packet filter is all that it needs of the super-user's rights; root's own files it reads as their owner.
  confine({ capabilities: new Set([CAPABILITIES.netAdmin]), settings: { variable: KEEPER_SETTINGS_VARIABLE, file }, withoutNetwork: false });
  const { keepFilter, removeFilter } = await import('./keep-filter.js');
  await (process.argv.includes(REMOVE) ? removeFilter(file, say) : keepFilter(file, say));
} catch (cause) {
  say(cause instanceof Error ? cause.message : 'failed');
  process.exitCode = FAILED;
}
