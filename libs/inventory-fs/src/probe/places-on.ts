import { lstatSync, readlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** As many links as the kernel follows on one way. Source: path_resolution(7). */
const LINKS_MAX = 40;

/**
 * Every place that the kernel passes on its way to a path, from the top down, over links as well: each folder, each link as itself, and the end.
 * What lies below a place is looked at only when the next one is asked for: whoever does not trust a place asks no further.
 * Errors: throws where a part is not there, cannot be looked at, or leads in a circle.
 */
export function* placesOn(path: string): Generator<string, void, void> {
  yield '/';
  let [at, rest, links] = ['/', path.split('/').filter((part) => part !== ''), 0];
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    const place = join(at, part);
    yield place;
    if (!lstatSync(place).isSymbolicLink()) at = place;
    else {
      links += 1;
      if (links > LINKS_MAX) throw new Error(`${path} leads over too many links`);
      [at, rest] = ['/', [...resolve(at, readlinkSync(place)).split('/').filter((step) => step !== ''), ...rest]];
    }
  }
}
