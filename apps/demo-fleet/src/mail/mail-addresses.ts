import type { Chance } from '../chance.js';

const DOMAINS = ['example.org', 'example.net', 'mail.example.org', 'shop.example.net'] as const;
const ROLES = ['billing', 'orders', 'newsletter', 'support', 'no-reply', 'bounce'] as const;
/** Networks that are set aside for documentation. Source: RFC 5737. */
const NETWORKS = ['192.0.2', '198.51.100', '203.0.113'] as const;

/** An address that belongs to nobody: a domain of RFC 2606 and a numbered local part. */
export const address = (chance: Chance): string => `${chance.next() < 0.3 ? chance.pick(ROLES) : `user${chance.integer(1, 400)}`}@${chance.pick(DOMAINS)}`;

export const clientIp = (chance: Chance): string => `${chance.pick(NETWORKS)}.${chance.integer(1, 254)}`;
