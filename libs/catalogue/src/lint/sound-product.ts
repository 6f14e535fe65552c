import type { ProfileForm } from '../profile-form.js';
import { isVersionRange } from '../version-range.js';
import type { Mistake } from './mistake.js';

/** The versions that a profile is for can be compared with the one on a host. */
export const soundProduct = ({ product: { versions } }: ProfileForm): Mistake[] =>
  isVersionRange(versions) ? [] : [{ path: ['product', 'versions'], message: `"${versions}" is no range of versions`, advice: 'write bounds as ">=8.0.0 <9", alternatives with "||"' }];
