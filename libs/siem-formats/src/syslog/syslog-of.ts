import { PRODUCT_NAME, PRODUCT_VERSION } from '../product.js';
import { FLEET, type ToldEvent } from '../told-event.js';
import { syslogMessage } from './syslog.js';

/** One of our events as syslog, around its text in some format. The elements are registered ones, so that no number of an enterprise is needed. Source: RFC 5424, 7. */
export function syslogOf({ data }: ToldEvent, text: string): string {
  return syslogMessage({
    severity: data.severity,
    at: data.at,
    hostname: data.server === FLEET ? null : data.server,
    appName: PRODUCT_NAME.toLowerCase(),
    msgId: data.event,
    structured: { origin: { software: PRODUCT_NAME, swVersion: PRODUCT_VERSION } },
    message: text,
  });
}

/** JSON without a character outside ASCII, so that receivers which know no UTF-8 change nothing in it. */
export const asciiJson = (value: unknown): string => JSON.stringify(value).replaceAll(/[\u007f-\uffff]/g, (character) => String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
