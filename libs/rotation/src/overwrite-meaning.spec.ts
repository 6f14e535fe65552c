import { expect, it } from 'vitest';
import { overwritingIsVain } from './overwrite-meaning.js';

it.each([
  ['ext4', true, null],
  ['xfs', true, null],
  ['ext4', false, /no turning one/],
  ['ext4', null, /does not tell/],
  ['btrfs', true, /another place/],
  ['tmpfs', null, /memory/],
  ['nfs4', true, /nobody knows/],
])('writing over a file on %s with a turning disk %s', (fileSystem, rotational, vain) => {
  const told = overwritingIsVain({ fileSystem, rotational });
  if (vain === null) expect(told).toBeNull();
  else expect(told).toMatch(vain);
});
