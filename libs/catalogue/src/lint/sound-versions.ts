import type { ProfileForm } from '../profile-form.js';
import { isVersionRange } from '../version-range.js';
import type { Mistake } from './mistake.js';

/** The range of versions can be read: a profile that fits no version by mistake would judge the right server as foreign. */
export function soundVersions({ product: { versions } }: ProfileForm): Mistake[] {
  return isVersionRange(versions) ? [] : [{ path: ['product', 'versions'], message: `"${versions}" is no range of versions`, advice: 'write bounds, as ">=8.0.0 <9", alternatives with "||", or "*" for every version' }];
}
