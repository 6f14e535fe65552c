import type { Logger } from '@mailwarden/observability';
import { beforeEach, describe, expect, it } from 'vitest';
import { AwaitedAccounts } from './awaited-accounts.js';

const account = { id: '0198f000-0000-7000-8000-000000000001', profile: 'gate', store: 'backup', deadlineSeconds: 60 } as never;
const { id } = account as { id: string };

describe('an id that waits for its account', () => {
  let disk: Map<string, Uint8Array>;
  let isFull: boolean;
  let errors: string[];
  const open = (): Promise<AwaitedAccounts> =>
    AwaitedAccounts.open(
      { keepOver: (key: string, bytes: Uint8Array) => (isFull ? Promise.reject(new Error('ENOSPC')) : Promise.resolve(void disk.set(key, bytes))), read: (key: string) => Promise.resolve(disk.get(key) ?? null) },
      { warn: () => undefined, error: (_facts: object, words: string) => errors.push(words) } as unknown as Logger,
    );
  const idsAfterRestart = async (): Promise<string[]> => (await open()).all().map((one) => one.id);

  beforeEach(() => {
    [disk, isFull, errors] = [new Map(), false, []];
  });

  it('is on disk before the executor is asked, and until the account is told', async () => {
    const accounts = await open();
    await expect(accounts.take(account, async () => {
      expect(await idsAfterRestart()).toEqual([id]);
      throw new Error('the spool is full');
    })).rejects.toThrow('the spool is full');
    expect(await idsAfterRestart()).toEqual([id]);
    expect(await accounts.take(account, () => Promise.resolve(false))).toBe(false);
    expect(await idsAfterRestart()).toEqual([id]);
    expect(await accounts.take(account, () => Promise.resolve(true))).toBe(true);
    expect(await idsAfterRestart()).toEqual([]);
  });

  it('is not asked for where it cannot be kept', async () => {
    const accounts = await open();
    isFull = true;
    let asked = 0;
    await expect(accounts.take(account, () => Promise.resolve((asked += 1) > 0))).rejects.toThrow('ENOSPC');
    expect(asked).toBe(0);
    expect(accounts.isInHand(id)).toBe(false);
  });

  it('stays for who takes it while another finds that nothing was begun', async () => {
    const accounts = await open();
    let answer: (isTold: boolean) => void = () => undefined;
    const first = accounts.take(account, () => new Promise((resolve) => (answer = resolve)));
    await Promise.resolve();
    const second = accounts.take(account, async () => {
      expect(await idsAfterRestart()).toEqual([id]);
      return true;
    });
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    expect(accounts.isInHand(id)).toBe(true);
    answer(true);
    expect(await Promise.all([first, second])).toEqual([true, true]);
    expect(await idsAfterRestart()).toEqual([]);
  });

  it('takes room ahead, so that many fit where few were', async () => {
    const accounts = await open();
    const before = [...disk.values()][0]?.length;
    await accounts.take(account, () => Promise.resolve(false));
    expect([...disk.values()][0]?.length).toBe(before);
  });

  it('is told of where the note of it is garbled', async () => {
    await (await open()).take(account, () => Promise.resolve(false));
    for (const key of disk.keys()) disk.set(key, Buffer.from('{ half'));
    expect(await idsAfterRestart()).toEqual([]);
    expect(errors).toHaveLength(1);
  });
});
