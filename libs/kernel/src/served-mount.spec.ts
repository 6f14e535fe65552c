import { describe, expect, it } from 'vitest';
import { isServedByOthers, type MountView } from './served-mount.js';

const FUSE = 0x65735546;
const EXT4 = 0xef53;
const AGENT = 990;

/** A descriptor in mount 40, with what mountinfo tells of it; null where it tells nothing. */
function view(kindAndOptions: string | null, part: Partial<MountView> = {}): MountView {
  const lines = ['4 1 8:1 / / rw - ext4 /dev/sda1 rw', '400 4 0:41 / /srv rw shared:1 - fuse.other other rw,user_id=990,group_id=990', ...(kindAndOptions === null ? [] : [`40 4 0:40 / /opt/product rw,nosuid,nodev shared:7 master:1 - ${kindAndOptions}`])];
  const texts: Record<string, string> = { '/proc/self/fdinfo/7': 'pos:\t0\nflags:\t012\nmnt_id:\t40\nino:\t1\n', '/proc/self/mountinfo': `${lines.join('\n')}\n` };
  return { textOf: (path) => texts[path] ?? '', kindOf: () => EXT4, own: 0, ...part };
}

describe('who answers for what lies in a mount', () => {
  it.each(['ext4 /dev/sdb1 rw', 'xfs /dev/sdb1 rw', 'tmpfs tmpfs rw', 'nfs4 store:/mail rw', 'virtiofs host rw', 'fusectl fusectl rw', 'overlay overlay rw,user_id=990'])('is the kernel for %s', (mount) => {
    expect(isServedByOthers(7, view(mount))).toBe(false);
  });

  it.each(['fuse own rw,user_id=990,group_id=990', 'fuse.sshfs a\\040b rw,user_id=990,group_id=990,allow_other', 'fuseblk /dev/sdc1 rw,user_id=990,group_id=0', 'fuse user_id=0 rw,user_id=990,group_id=0', 'fuse told rw', 'coda coda rw'])('is another account for %s', (mount) => {
    expect(isServedByOthers(7, view(mount))).toBe(true);
  });

  it('is root, or the running account, where they mounted it', () => {
    expect(isServedByOthers(7, view('fuse.ntfs-3g x rw,user_id=0,group_id=0,allow_other'))).toBe(false);
    expect(isServedByOthers(7, view('fuse.gocryptfs x rw,user_id=990,group_id=990', { own: AGENT }))).toBe(false);
  });

  it('is told by the file system itself where its mount was taken away meanwhile, or lies above the root of the process', () => {
    expect(isServedByOthers(7, view(null))).toBe(false);
    expect(isServedByOthers(7, view(null, { kindOf: () => FUSE }))).toBe(true);
  });

  it('is not guessed', () => {
    expect(() => isServedByOthers(7, view('ext4 /dev/sdb1 rw', { textOf: () => '' }))).toThrow('/proc must be that of this host');
  });
});
