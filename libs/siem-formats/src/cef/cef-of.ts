import { epochMsOf, type Severity } from '@mailwarden/kernel';
import { PRODUCT_NAME, PRODUCT_VERSION } from '../product.js';
import { FLEET, summaryOf, type ToldEvent } from '../told-event.js';
import { cefLine } from './cef.js';

/** 0 to 3 is low, 4 to 6 medium, 7 and 8 high, 9 and 10 very high. Source: ArcSight Common Event Format, "Severity". */
const SEVERITIES: Readonly<Record<Severity, number>> = { info: 1, low: 3, medium: 5, high: 8, critical: 10 };

const PLAIN_WORD = /^[A-Za-z0-9]{1,40}$/;

/** Members of the detail under names of our own, as `mwStore`. What is no plain word has no place in a key and is left to the other formats. */
function ownMembers(detail: Readonly<Record<string, unknown>>): Record<string, string> {
  const members = Object.entries(detail).filter(([key, value]) => PLAIN_WORD.test(key) && value !== null && value !== undefined);
  return Object.fromEntries(members.map(([key, value]) => [`mw${key.charAt(0).toUpperCase()}${key.slice(1)}`, typeof value === 'string' ? value : JSON.stringify(value)]));
}

/** One of our events in CEF. */
export function cefOf({ id, source, sequence, data }: ToldEvent): string {
  return cefLine({
    vendor: PRODUCT_NAME,
    product: PRODUCT_NAME,
    version: PRODUCT_VERSION,
    signatureId: data.event,
    name: data.event.replaceAll(/[.-]/g, ' '),
    severity: SEVERITIES[data.severity],
    extension: {
      rt: epochMsOf(data.at),
      externalId: id,
      ...(data.server === FLEET ? {} : { dvchost: data.server }),
      msg: summaryOf(data),
      cs1Label: 'source',
      cs1: source,
      cn1Label: 'sequence',
      cn1: sequence,
      ...ownMembers(data.detail),
    },
  });
}
