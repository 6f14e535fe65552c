import { describe, expect, it } from 'vitest';
import { ownMountsIn } from './own-mounts.js';

const MOUNTS = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 27 254:1 / /var rw shared:2 master:1 - xfs /dev/vdb rw
31 27 254:0 /srv/data /mnt/again rw - ext4 /dev/vda rw
32 27 0:40 / /mnt/net rw - nfs4 server:/x rw
33 27 0:41 / /mnt/person rw - fuse.sshfs who@where: rw
34 27 0:42 / /tmp rw - tmpfs tmpfs rw
35 27 0:43 /@home /home rw - btrfs /dev/vdc rw
36 27 0:43 /@mail /srv/mail rw - btrfs /dev/vdc rw
37 27 0:43 /@mail /srv/same rw - btrfs /dev/vdc rw
38 27 0:44 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw
not a line
`;

describe('the mounts of a host', () => {
  it('are its own file systems, each part of one once', () => {
    expect([...ownMountsIn(MOUNTS)]).toEqual([27, 30, 34, 35, 36]);
  });
});
