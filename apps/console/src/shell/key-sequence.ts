import { PLACES, type Place } from './places.js';

/** What a key, after the one before it, asks for. */
export type KeyWish = { readonly kind: 'go'; readonly to: Place['to'] } | { readonly kind: 'filter' } | { readonly kind: 'help' } | { readonly kind: 'wait' } | { readonly kind: 'nothing' };

/** A key as it is pressed. `typing` says that it belongs to a text that is being written. */
export interface Press {
  readonly key: string;
  readonly typing: boolean;
  readonly modified: boolean;
}

/** How long `g` waits for the second key. Units: milliseconds. */
export const SEQUENCE_MS = 1_200;

/** Reads `g f`, `/` and `?`. `afterG` says that `g` came just before. Keys with Ctrl, Alt or Meta belong to the browser. */
export function wishOf({ key, typing, modified }: Press, afterG: boolean): KeyWish {
  if (typing || modified) return { kind: 'nothing' };
  if (afterG) {
    const place = PLACES.find((one) => one.key === key);
    return place === undefined ? { kind: 'nothing' } : { kind: 'go', to: place.to };
  }
  if (key === 'g') return { kind: 'wait' };
  if (key === '/') return { kind: 'filter' };
  return key === '?' ? { kind: 'help' } : { kind: 'nothing' };
}
