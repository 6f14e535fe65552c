import { sha256 } from '@mailwarden/kernel';
import type { IpFamily } from './ip-prefix.js';

/** Our own table, and the only one that is ever named. */
export const TABLE = 'inet mailwarden';
export const CHAIN = 'egress';

/** Remembered destinations. Their form never changes, so that they outlive each change of a plan. */
export const SEEN_SETS: Readonly<Record<IpFamily, string>> = { 4: 'seen4', 6: 'seen6' };
/** Counts packets to destinations that found no room in a set. */
export const OVERFLOW_COUNTER = 'seen_overflow';
/** Counts packets of protocols that have no ports, which are not remembered one by one. */
export const PORTLESS_COUNTER = 'portless';

const NAME_LENGTH = 20;
const short = (...parts: readonly string[]): string => sha256(parts.join('\n')).slice(0, NAME_LENGTH);

/** Addresses of the plan (`fixed`) or of names (`named`). A set's form depends on nothing but its name, so one that stands can be kept. */
export const endpointSet = (kind: 'fixed' | 'named', family: IpFamily, flowId: string, endpointId: string): string => `${kind}${family}_${short(flowId, endpointId)}`;

export const flowCounter = (effect: 'allowed' | 'refused', flowId: string): string => `${effect}_${short(flowId)}`;
