import type { IconName } from '../parts/icon.js';

/** The pages of the navigation, with the key that leads there after `g`. */
export const PLACES = [
  { to: '/', word: 'Fleet', icon: 'fleet', key: 's' },
  { to: '/findings', word: 'Findings', icon: 'findings', key: 'f' },
  { to: '/rotations', word: 'Rotations', icon: 'rotations', key: 'r' },
  { to: '/policies', word: 'Policies', icon: 'policies', key: 'p' },
  { to: '/consent', word: 'Consent', icon: 'consent', key: 'c' },
  { to: '/events', word: 'Events', icon: 'events', key: 'e' },
  { to: '/account', word: 'Account', icon: 'account', key: 'a' },
] as const satisfies readonly { to: string; word: string; icon: IconName; key: string }[];
export type Place = (typeof PLACES)[number];
