import { chmodSync, chownSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lockOrder } from '@mailwarden/rotation-fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRoot, ONLY_ROOT } from './only-root.js';
import { FILE_BYTES, TaskHost } from './task-host.js';

/** The product's own account, and one that it has no business with. */
const [PRODUCT, VICTIM] = [61_001, 61_002];
const SETTING = 'etc/opt/kaspersky/klms/klms_filters.conf';
const FIRST_AT_S = 1_600_000_000;

let host: TaskHost;
beforeEach(() => (host = new TaskHost()));
afterEach(() => host.remove());

/** Old files of an account, in a folder that is its own. */
function filesOf(folder: string, uid: number, count = 10): string {
  const path = join(host.root, folder);
  mkdirSync(path, { recursive: true });
  for (let index = 0; index < count; index += 1) {
    const file = join(path, `file-${index}`);
    writeFileSync(file, Buffer.alloc(FILE_BYTES));
    utimesSync(file, FIRST_AT_S + index, FIRST_AT_S + index);
    chownSync(file, uid, uid);
  }
  chownSync(path, uid, uid);
  return path;
}

/** The setting that moves the product's temporary folder, as an account wrote it. */
function setting(value: string, { fileUid = 0, folderUid = 0, mode = 0o644 } = {}): void {
  const file = join(host.root, SETTING);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `[filter]\nworkdir=${value}\n`);
  chownSync(file, fileUid, fileUid);
  chmodSync(file, mode);
  chownSync(dirname(file), folderUid, folderUid);
}

const emptied = () => host.run(host.task(host.order({ store: 'temporary' as never, limit: 3, target: 1 }), null));

describe.runIf(isRoot)(`a product's own setting that moves a store${ONLY_ROOT}`, () => {
  beforeEach(() => {
    mkdirSync(join(host.root, 'etc'), { recursive: true });
    writeFileSync(join(host.root, 'etc/passwd'), `root:x:0:0::/:/bin/sh\nkluser:x:${PRODUCT}:${PRODUCT}::/:/bin/sh\nanna:x:${VICTIM}:${VICTIM}::/:/bin/sh\n`);
  });

  it.each([
    ['its file is its own', { fileUid: PRODUCT }],
    ['the folder of its file is its own', { folderUid: PRODUCT }],
    ['its group may write it', { mode: 0o664 }],
  ])('makes nothing of another account go, where %s', async (_how, whose) => {
    for (const [folder, uid] of [['srv/anna/letters', VICTIM], ['var/lib/other', 0]] as const) {
      const others = filesOf(folder, uid);
      setting(`/${folder}`, whose);
      await emptied();
      expect(readdirSync(others)).toHaveLength(10);
    }
  });

  it('moves it to a folder of the product, whoever wrote it', async () => {
    const own = filesOf('srv/klms/work', PRODUCT);
    setting('/srv/klms/work', { fileUid: PRODUCT });
    expect((await emptied()).receipt).toMatchObject({ outcome: 'completed', deleted: { items: 9 } });
    expect(readdirSync(own)).toEqual(['file-9']);
  });

  it('moves it anywhere beside the system, where root alone could have written it', async () => {
    const folder = filesOf('srv/shared/work', VICTIM);
    setting('/srv/shared/work');
    expect((await emptied()).receipt).toMatchObject({ deleted: { items: 9 } });
    expect(readdirSync(folder)).toEqual(['file-9']);
  });
});

describe.runIf(isRoot)(`files in a folder that looks like one of ours${ONLY_ROOT}`, () => {
  it('count and go like all others where the folder is the product\'s', async () => {
    const hidden = filesOf('var/opt/kaspersky/klms/reports/.mailwarden-11111111-1111-4111-8111-111111111111', PRODUCT);
    chmodSync(hidden, 0o700);
    expect((await host.run(host.task(host.order({ limit: 3, target: 1 }), null))).receipt).toMatchObject({ outcome: 'completed', before: { items: 10 }, deleted: { items: 9 } });
    expect(readdirSync(hidden)).toEqual(['file-9']);
  });
});

describe('what the executor itself keeps', () => {
  it.each(['/var/lib/mailwarden-executor', '/var/lib/mailwarden-executor/state', '/var/lib/mailwarden/journal', '/etc/mailwarden'])('is never a store, whoever moves one there: %s', async (folder) => {
    const own = filesOf(folder.slice(1), 0);
    setting(folder);
    expect((await emptied()).receipt).toMatchObject({ deleted: { items: 0 } });
    expect(readdirSync(own)).toHaveLength(10);
  });

  it('is never a store either where the settings of the executor put it', async () => {
    setting('/srv/keeps/here');
    const own = filesOf('srv/keeps/here/journal', 0);
    host.journalAt(own);
    expect((await emptied()).receipt).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('what the executor keeps'), deleted: { items: 0 } });
    expect(readdirSync(own).filter((name) => name.startsWith('file-'))).toHaveLength(10);
  });
});


describe('two tasks on one store, handed over at once by who has the key of the agent', () => {
  it('are carried out one after the other, so that each sees what the other took', async () => {
    host.fill(20);
    mkdirSync(host.stateDir, { recursive: true, mode: 0o700 });
    const give = lockOrder(join(host.stateDir, 'kaspersky-klms-8.reports.lock'));
    expect(await host.run(host.task(host.order(), null))).toEqual({ receipt: null, complaint: expect.stringContaining('is carrying out an order on this store; wait for it to end') });
    expect(host.files).toHaveLength(20);
    give();
    expect((await host.run(host.task(host.order(), null))).receipt).toMatchObject({ deleted: { items: 15 } });
  });
});

describe('a rule of the bundle that the agent calls by the id of an order', () => {
  it('has an id of its own, so that its account never passes for that of the order', async () => {
    host.fill(20);
    const order = host.order({ limit: 4, target: 2 });
    const bundle = host.bundle(1, { rules: [host.rule()] });
    const { receipt } = await host.run(host.ruleTask(bundle, order.id));
    expect(receipt).toMatchObject({ authority: { kind: 'bundle' }, deleted: { items: 15 }, order: expect.not.stringMatching(order.id) });
    expect((await host.run(host.ruleTask(bundle, order.id))).receipt).toEqual(receipt);
    expect((await host.run(host.task(order, bundle))).receipt).toMatchObject({ order: order.id, authority: { kind: 'order' }, deleted: { items: 3 } });
  });
});
