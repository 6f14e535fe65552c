import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Other accounts get in. */
const MAY_ENTER = 0o755;
export type DiskKind = 'ext3' | 'ext4' | 'xfs' | 'tmpfs';

const PROGRAMS = ['/usr/sbin/', '/sbin/', '/usr/bin/', '/bin/'];
const programOf = (name: string): string | null => PROGRAMS.map((folder) => folder + name).find((path) => existsSync(path)) ?? null;
const MAKERS: Readonly<Record<Exclude<DiskKind, 'tmpfs'>, { readonly program: string; readonly args: readonly string[] }>> = {
  ext3: { program: 'mkfs.ext3', args: ['-q', '-F', '-m', '0'] }, // Takes no blocks out of files.
  ext4: { program: 'mkfs.ext4', args: ['-q', '-F', '-m', '0'] },
  xfs: { program: 'mkfs.xfs', args: ['-q', '-f'] },
};
/** Programs that bring a disk down as a power cut does. */
export const POWER_CUT = programOf('xfs_io');

/** Why no disk of this kind can be made here, in words; null when one can. */
export function noDisk(kind: DiskKind): string | null {
  if (kind !== 'tmpfs' && programOf(MAKERS[kind].program) === null) return `${MAKERS[kind].program} is not installed`;
  const disk = ScratchDisk.tryMake(kind, { MiB: kind === 'xfs' ? XFS_MIB_MIN : 16 });
  disk?.remove();
  return disk === null ? `this place lets nobody mount ${kind}` : null;
}

const PLACEHOLDER_BYTES = 4_096;
/** Others let go of numbers as well: the one that is to be taken may not be the first that is free. */
const NUMBERS_MAX = 16;
const LOSETUP = programOf('losetup') ?? 'losetup';
/** Smaller ones are not made. Source: mkfs.xfs(8). Units: MiB; the file is sparse. */
export const XFS_MIB_MIN = 320;

export interface DiskTerms {
  readonly MiB: number;
  readonly options?: string;
  /** Where it is mounted; a place of its own where this is not said. */
  readonly at?: string;
}

/**
 * A file system of a suite's own, made in a file and mounted. Needs root.
 * A suite that mounts is best run in a mount namespace of its own, with which everything here ends.
 */
export class ScratchDisk {
  #number = -1;
  #isAway = false;

  private constructor(
    private readonly dir: string,
    readonly kind: DiskKind,
    /** Where it is mounted. */
    readonly at: string,
    private readonly options: string,
  ) {}

  /** Null where this place lets nobody mount. */
  static tryMake(kind: DiskKind, { MiB, options = '', at }: DiskTerms): ScratchDisk | null {
    const dir = mkdtempSync(join(tmpdir(), 'mailwarden-scratch-disk-'));
    chmodSync(dir, MAY_ENTER);
    const disk = new ScratchDisk(dir, kind, at ?? join(dir, 'disk'), [kind === 'tmpfs' ? `size=${MiB}m,mode=755` : 'loop', options].filter((part) => part !== '').join(','));
    mkdirSync(disk.at, { recursive: true });
    if (kind !== 'tmpfs') {
      const { program, args } = MAKERS[kind];
      writeFileSync(disk.#image, '');
      truncateSync(disk.#image, MiB * 1_048_576);
      execFileSync(programOf(program) ?? program, [...args, disk.#image], { stdio: 'ignore' });
    }
    if (disk.#mount()) return disk;
    rmSync(dir, { recursive: true });
    return null;
  }

  static make(kind: DiskKind, terms: DiskTerms): ScratchDisk {
    const disk = ScratchDisk.tryMake(kind, terms);
    if (disk === null) throw new Error(`no ${kind} could be mounted`);
    return disk;
  }

  /** Everything that was not synced is gone, and nothing answers any more. Source: xfs_io(8), shutdown; ext4 knows the same call. */
  cutPower(): void {
    execFileSync(POWER_CUT ?? '/usr/sbin/xfs_io', ['-x', '-c', 'shutdown', this.at]);
  }

  /** As after the machine came back: mounted again, from what is on the disk, and its device has another number than before. */
  comeBack(): void {
    const before = this.#number;
    const taken: string[] = [];
    try {
      for (let tries = 0; tries < NUMBERS_MAX; tries += 1) {
        this.#unmount();
        taken.push(execFileSync(LOSETUP, ['--find', '--show', this.#placeholder], { encoding: 'utf8' }).trim());
        if (!this.#mount()) throw new Error(`the ${this.kind} disk cannot be mounted again`);
        if (this.#number !== before) return;
      }
      throw new Error('the disk came back under the number that it had');
    } finally {
      for (const number of taken) execFileSync(LOSETUP, ['--detach', number]);
    }
  }

  /** As a machine that came up without this disk: its place is the empty folder that it is mounted on. */
  leave(): void {
    execFileSync('/usr/bin/umount', [this.at]);
    this.#isAway = true;
  }

  /** Mounted again after it was away. */
  return(): void {
    if (!this.#mount()) throw new Error(`the ${this.kind} disk cannot be mounted again`);
    this.#isAway = false;
  }

  /** As when the kernel finds an error and lets nobody write any more, and back. */
  readOnly(isReadOnly: boolean): void {
    execFileSync('/usr/bin/mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, this.at]);
  }

  remove(): void {
    if (!this.#isAway) this.#unmount();
    rmSync(this.dir, { recursive: true });
  }

  get #image(): string {
    return join(this.dir, 'image');
  }

  /** Takes the number that became free. */
  get #placeholder(): string {
    const path = join(this.dir, 'placeholder');
    if (!existsSync(path)) writeFileSync(path, Buffer.alloc(PLACEHOLDER_BYTES));
    return path;
  }

  /** True where it is there now, under a number that is looked at: without power it tells none. */
  #mount(): boolean {
    const place = this.kind === 'tmpfs' ? ['-t', 'tmpfs', 'mailwarden-test'] : ['-t', this.kind, this.#image];
    if (spawnSync('/usr/bin/mount', [...place, this.at, '-o', this.options], { stdio: 'ignore' }).status !== 0) return false;
    this.#number = statSync(this.at).dev;
    return true;
  }

  /** A process that was ended a moment ago may still let go of it. */
  #unmount(): void {
    if (spawnSync('/usr/bin/umount', [this.at], { stdio: 'ignore' }).status !== 0) execFileSync('/usr/bin/umount', ['-l', this.at]);
  }
}
