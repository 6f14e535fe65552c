import type { Chance } from '../chance.js';
import { address, clientIp } from './mail-addresses.js';

const PARTS = ['scanlogic', 'milter', 'filter', 'spamengine', 'antiphish', 'kataclient', 'notifier'] as const;
const ACTS = ['message accepted', 'headers parsed', 'attachment unpacked', 'verdict clean', 'verdict spam', 'moved to Backup', 'rule matched', 'delivered'] as const;

/** Lines of a trace log as mail makes them: with addresses and identifiers, which is why they are kept an eye on. */
export function traceLines(chance: Chance, count: number, atMs: number): string {
  let text = '';
  for (let line = 0; line < count; line += 1) {
    text += `${new Date(atMs).toISOString()} [${chance.integer(1_000, 9_999)}] DEBUG ${chance.pick(PARTS)}: ${chance.pick(ACTS)} id=${chance.hex(20)} from=<${address(chance)}> to=<${address(chance)}> client=${clientIp(chance)} hash=${chance.hex(32)}\n`;
  }
  return text;
}
