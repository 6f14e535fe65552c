import { sha256, type Sha256 } from '@mailwarden/kernel';

/** Name of one message as holds carry it: the hash of its Message-ID without the angle brackets, so that no letter is named on the bus. Source: RFC 5322, 3.6.4. */
export const messageDigest = (messageId: string): Sha256 => sha256(`message-id ${messageId.trim().replace(/^<(.*)>$/s, '$1')}`);
