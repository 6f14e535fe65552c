import type { Chance } from '../chance.js';
import { address, clientIp } from './mail-addresses.js';

const PARTS = ['scanlogic', 'milter', 'filter', 'spamengine', 'antiphish', 'kataclient', 'notifier'] as const;
const ACTS = ['message accepted', 'headers parsed', 'attachment unpacked', 'verdict clean', 'verdict spam', 'moved to Backup', 'rule matched', 'delivered'] as const;

function traceLine(chance: Chance): string {
  return `DEBUG ${chance.pick(PARTS)}: ${chance.pick(ACTS)} id=${chance.hex(20)} from=<${address(chance)}> to=<${address(chance)}> client=${clientIp(chance)} hash=${chance.hex(32)}`;
}

/** Lines of a trace log as mail makes them: with addresses and identifiers, which is why they are kept an eye on. */
export function traceLines(chance: Chance, count: number, atMs: number): string {
  let text = '';
  for (let line = 0; line < count; line += 1) {
    text += `${new Date(atMs).toISOString()} [${chance.integer(1_000, 9_999)}] ${traceLine(chance)}\n`;
  }
  return text;
}

/** The same as the system's logger writes it, between two moments. Units: milliseconds since 1970. */
export function mailLogLines(chance: Chance, server: string, count: number, fromMs: number, untilMs: number): string {
  const stepMs = (untilMs - fromMs) / Math.max(1, count - 1);
  return Array.from({ length: count }, (_, line) => `${new Date(fromMs + line * stepMs).toISOString()} ${server} klms[812]: ${traceLine(chance)}\n`).join('');
}
