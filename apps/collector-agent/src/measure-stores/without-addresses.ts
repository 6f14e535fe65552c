import { unknown } from '@mailwarden/kernel';

const MAIL_ADDRESS = /[^\s"'<>(),;:=@/\\]+@[^\s"'<>(),;:=@/\\]+/u;
const EVERY_ADDRESS = new RegExp(MAIL_ADDRESS.source, 'gu');
const STAYS = 'the value holds an address of mail and stays on this host';

const isMeasuredText = (value: object): value is { known: true; value: string } => 'known' in value && value.known === true && 'value' in value && typeof value.value === 'string';

/**
 * What was measured, without any address of mail: the last look before it leaves the host.
 * Privacy: a setting that should hold a word can hold whatever somebody wrote into it. A value with an address becomes unknown, with the reason; elsewhere the address alone is left out.
 */
export function withoutAddresses<T>(measured: T): T {
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replaceAll(EVERY_ADDRESS, '[address]');
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(clean);
    if (isMeasuredText(value) && MAIL_ADDRESS.test(value.value)) return unknown(STAYS);
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, clean(member)]));
  };
  return clean(measured) as T;
}
