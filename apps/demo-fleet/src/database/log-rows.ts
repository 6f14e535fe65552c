import type { Chance } from '../chance.js';
import { address, clientIp } from '../mail/mail-addresses.js';
import type { LogRow, LogTable } from './product-tables.js';

const EVENTS = [['info', 'MessageProcessed'], ['info', 'MessageDelivered'], ['warning', 'SpamDetected'], ['warning', 'PhishingDetected'], ['critical', 'VirusDetected'], ['info', 'AttachmentRemoved']] as const;
const ACTIONS = ['signed in', 'changed a rule', 'looked at Backup', 'delivered a letter from Backup', 'signed out', 'changed an allowlist'] as const;
const SUBJECTS = ['Your order', 'Re: contract', 'Newsletter', "Robert'); DROP TABLE event_log;--", '\u202Egnp.exe'] as const;

const MAKERS: Readonly<Record<LogTable, (chance: Chance) => Readonly<Record<string, string | number>>>> = {
  event_log: (chance) => {
    const [severity, event] = chance.pick(EVENTS);
    return { severity, event, message_id: `${chance.hex(16)}@example.org`, sender: address(chance), recipient: address(chance), client_ip: clientIp(chance), subject: chance.pick(SUBJECTS) };
  },
  audit_log: (chance) => ({ account: `operator${chance.integer(1, 4)}`, client_ip: clientIp(chance), action: chance.pick(ACTIONS) }),
  statistics: (chance) => ({ messages: chance.integer(10, 90), infected: chance.integer(0, 2), spam: chance.integer(0, 30), bytes: chance.integer(100_000, 9_000_000), top_sender: address(chance) }),
};

/** A row of one of the product's logs, as mail that passes makes it. Units: milliseconds since 1970. */
export const logRow = (table: LogTable, chance: Chance, atMs: number): LogRow => ({ recorded_at: new Date(atMs).toISOString(), ...MAKERS[table](chance) });
