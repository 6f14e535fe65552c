import { describe, expect, it } from 'vitest';
import { keptBelow, type StoreOwners } from './folder-owners.js';

const [ROOT, PRODUCT, ANNA, BEN] = [0, 900, 1_000, 1_001];
const NAMED: StoreOwners = { uids: new Set([PRODUCT]), alsoRoot: false, areNamed: true };
const WITH_ROOT: StoreOwners = { ...NAMED, alsoRoot: true };
const MAILBOXES: StoreOwners = { ...NAMED, areNamed: false };

/** Folders from the top down, each as its owner and its mode. */
const isEntered = (owners: StoreOwners, ...chain: readonly (readonly [uid: number, mode: number])[]): boolean => keptBelow(chain.map(([uid, mode]) => ({ uid, mode })), owners) !== null;

describe('a folder of a store', () => {
  it.each([
    ['is of an account, below folders that root alone may write', NAMED, [[ROOT, 0o755], [ANNA, 0o700]]],
    ['is of whom the one above it belongs to', NAMED, [[ROOT, 0o755], [ANNA, 0o700], [ANNA, 0o700], [ANNA, 0o777]]],
    ["is the product's, in a folder of somebody else's", NAMED, [[ROOT, 0o755], [ANNA, 0o700], [PRODUCT, 0o700], [ANNA, 0o700]]],
    ["is root's, in the product's, where root keeps some of the store", WITH_ROOT, [[PRODUCT, 0o755], [ROOT, 0o755], [PRODUCT, 0o755]]],
    ["is a mailbox, in a folder of root's that a group may write", MAILBOXES, [[ROOT, 0o755], [ROOT, 0o2775], [ANNA, 0o700]]],
    ["is root's, in a folder of root's that a group may write", NAMED, [[ROOT, 0o775], [ROOT, 0o755]]],
    ["is the product's, in a shared one of root's in another", NAMED, [[ROOT, 0o775], [ROOT, 0o775], [PRODUCT, 0o755]]],
    ["is root's, in a shared one of root's in another, where root keeps some of the store", WITH_ROOT, [[ROOT, 0o775], [ROOT, 0o775], [ROOT, 0o755]]],
    ['is of whoever laid it in a folder for all, where each renames what is his own', NAMED, [[ROOT, 0o1777], [ANNA, 0o700]]],
  ] as const)('is entered where it %s', (_where, owners, chain) => {
    expect(isEntered(owners, ...chain)).toBe(true);
  });

  it.each([
    ["is a stranger's, in the product's", NAMED, [[ROOT, 0o755], [PRODUCT, 0o755], [ANNA, 0o700]]],
    ["is root's, in the product's, where root keeps nothing of the store", NAMED, [[ROOT, 0o755], [PRODUCT, 0o755], [ROOT, 0o755]]],
    ["is root's, in a stranger's that was laid in a folder for all", WITH_ROOT, [[ROOT, 0o755], [ROOT, 0o1777], [ANNA, 0o755], [ROOT, 0o755]]],
    ["is root's, in the product's in a stranger's", WITH_ROOT, [[ROOT, 0o1777], [ANNA, 0o755], [PRODUCT, 0o755], [ROOT, 0o755]]],
    ["is a stranger's, in root's in the product's", WITH_ROOT, [[PRODUCT, 0o755], [ROOT, 0o755], [ANNA, 0o700]]],
    ["lies in another person's mailbox", MAILBOXES, [[ROOT, 0o755], [ANNA, 0o700], [BEN, 0o700]]],
    ['lies in a mailbox that was itself laid into a folder of a group', MAILBOXES, [[ROOT, 0o2775], [ANNA, 0o700], [BEN, 0o700]]],
    ['may have been moved into a folder of a group, since others may write in it', MAILBOXES, [[ROOT, 0o2775], [ANNA, 0o770]]],
    ["may have been renamed by a group, where the profile says whose the store is", NAMED, [[ROOT, 0o775], [ANNA, 0o700]]],
    ['may have been renamed by anybody', MAILBOXES, [[ROOT, 0o777], [ANNA, 0o700]]],
    ["may have been renamed by anybody with the folder of root's that it lies in", NAMED, [[ROOT, 0o777], [ROOT, 0o755], [ANNA, 0o700]]],
    ["is root's, in a shared one of root's that a group may have moved here", NAMED, [[ROOT, 0o775], [ROOT, 0o775], [ROOT, 0o755]]],
    ["is root's, in a shared one of root's that a group may have moved here and in which each renames what is his own", NAMED, [[ROOT, 0o775], [ROOT, 0o1775], [ROOT, 0o755]]],
    ['may have been moved into a folder for all, since others may write in it', NAMED, [[ROOT, 0o1777], [ANNA, 0o777]]],
  ] as const)('is not entered where it %s', (_where, owners, chain) => {
    expect(isEntered(owners, ...chain)).toBe(false);
  });
});
