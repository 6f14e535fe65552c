import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { unprivilegedFor } from './unprivileged.js';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

describe.runIf(isRoot)(`a database of root's on a host without an account for it${isRoot ? '' : ' (skipped: needs the super-user)'}`, () => {
  it('never runs as the account that every other program without one runs as', () => {
    let chosen: ReturnType<typeof unprivilegedFor>;
    try {
      chosen = unprivilegedFor('/usr/bin/id', '/tmp', null);
    } catch (cause) {
      return expect(String(cause)).toContain('add an account postgres'); // The kernel allows no namespace here.
    }
    expect(chosen.owner).toBeNull();
    const [program = '', ...args] = chosen.command('/bin/cat', ['/proc/self/uid_map']);
    expect(spawnSync(program, args, { encoding: 'utf8' }).stdout.trim().split(/\s+/)).toEqual([String(NOBODY), '0', '1']);
  });
});
