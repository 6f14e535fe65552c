import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** As many links as the kernel follows on one way. Source: path_resolution(7). */
const LINKS_MAX = 40;

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

/**
 * Every place that the kernel passes on its way to a path, from the top down, over links as well: each folder, each link as itself, and the end.
 * What lies below a place is looked at only when the next one is asked for: whoever does not trust a place asks no further.
 * `..` is the folder above the one that was really reached, as for the kernel, and not what the words of a link make of it.
 * Errors: throws where a part is not there, cannot be looked at, or leads in a circle.
 */
export function* placesOn(path: string): Generator<string, void, void> {
  yield '/';
  let [at, rest, links] = ['/', partsOf(path), 0];
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    if (part === '..') {
      at = dirname(at); // It was passed on the way down.
      continue;
    }
    const place = join(at, part);
    yield place;
    if (!lstatSync(place).isSymbolicLink()) at = place;
    else {
      links += 1;
      if (links > LINKS_MAX) throw new Error(`${path} leads over too many links`);
      const link = readlinkSync(place);
      if (link.startsWith('/')) at = '/';
      rest = [...partsOf(link), ...rest];
    }
  }
}
