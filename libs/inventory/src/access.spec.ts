import { describe, expect, it } from 'vitest';
import { accessOf } from './access.js';
import { capabilitiesIn } from './access-capability.js';
import { openParents } from './access-parents.js';
import type { AccessParts, EntryRights } from './access-rights.js';
import { aclOf, type AclEntry } from './acl.js';
import { accountsFrom, type Account } from './accounts.js';

const accounts = accountsFrom('root:x:0:0::/:\nkluser:x:999:999::/:\nbackup:x:34:34::/:\nanna:x:1001:1001::/:\n', 'root:x:0:\nklusers:x:999:\nadm:x:4:backup\nbackup:x:34:\nanna:x:1001:\nfriends:x:1002:backup\n');
/** As it leaves the host: a person is a hash. */
const shownName = ({ name, uid }: Account): string => (uid >= 1000 && uid < 60_000 ? 'account-3f9a' : name);
const protection = { accounts: ['root', 'kluser'], groups: [] };
const file: EntryRights = { uid: 999, gid: 999, mode: 0o600, folder: false, items: 3, through: [] };
const judge = (entries: readonly EntryRights[], more: Partial<AccessParts> = {}) => accessOf({ entries, accounts, protection, shownName, ...more });

const list = (...named: readonly (readonly [tag: AclEntry['tag'], id: number | null, bits: number])[]) =>
  aclOf([{ tag: 'owner', id: null, bits: 6 }, ...named.map(([tag, id, bits]) => ({ tag, id, bits })), { tag: 'mask', id: null, bits: 4 }, { tag: 'other', id: null, bits: 0 }]);

describe('an entry that lets somebody in', () => {
  it('is named in the words of getfacl, with what the mask leaves of it', () => {
    const acl = list(['user', 34, 6], ['owning-group', null, 0]);
    expect(judge([{ ...file, mode: 0o640, acl }]).breaches).toEqual([{ kind: 'acl', account: 'backup', read: true, write: false, items: 3, mode: '0640', because: 'by the entry user:backup:rw- (effective r--)' }]);
  });
  it('names no person and no group of a person', () => {
    const person = judge([{ ...file, mode: 0o640, acl: list(['user', 1001, 4], ['owning-group', null, 0]) }]);
    const group = judge([{ ...file, mode: 0o640, acl: list(['owning-group', null, 0], ['group', 1002, 4]) }]);
    expect(person.breaches).toMatchObject([{ account: 'account-3f9a', because: 'by the entry user:account-3f9a:r--' }]);
    expect(group.breaches).toMatchObject([{ account: 'backup', because: "by the entry group:a person's group:r--" }]);
    expect(JSON.stringify([person, group])).not.toMatch(/anna|friends/);
  });
  it('may give reading by one group and writing by another', () => {
    const acl = aclOf([...list(['owning-group', null, 0], ['group', 4, 4], ['group', 34, 2]).entries].map((entry) => (entry.tag === 'mask' ? { ...entry, bits: 6 } : entry)));
    expect(judge([{ ...file, mode: 0o660, acl }]).breaches).toMatchObject([{ kind: 'acl', account: 'backup', read: true, write: true, items: 3, because: 'by the entry group:backup:-w-' }]);
  });
  it('names the account alone where a folder above lets nobody else through', () => {
    const through = [{ uid: 0, gid: 4, mode: 0o710 }];
    expect(judge([{ ...file, mode: 0o644, through }]).breaches).toMatchObject([{ kind: 'mode', account: 'backup' }]);
    expect(judge([{ ...file, mode: 0o644 }]).breaches).toMatchObject([{ kind: 'mode', account: 'everyone' }]);
  });
  it('is told of an owner or a named account that no file of accounts knows', () => {
    const acl = list(['user', 70_002, 4], ['owning-group', null, 0]);
    expect(judge([{ ...file, uid: 70_001, mode: 0o640, acl }]).accounts.map(({ name, declared }) => [name, declared])).toEqual([['root', true], ['uid 70001', false], ['uid 70002', false]]);
  });
});

describe('a default list', () => {
  const folder: EntryRights = { ...file, mode: 0o711, folder: true, items: 2 };
  it('is told as what is yet to come', () => {
    const defaultAcl = list(['user', 34, 6], ['owning-group', null, 0]);
    expect(judge([{ ...folder, defaultAcl }]).breaches).toEqual([{ kind: 'acl', account: 'backup', read: false, write: false, items: 2, mode: '0711', because: 'what is made here begins with default:user:backup:rw- (effective r--)' }]);
  });
  it('gives nothing to whoever cannot enter the folder, nor to the declared', () => {
    expect(judge([{ ...folder, mode: 0o700, defaultAcl: list(['user', 34, 6], ['owning-group', null, 0]) }]).breaches).toEqual([]);
    expect(judge([{ ...folder, defaultAcl: list(['user', 999, 6], ['owning-group', null, 0]) }]).breaches).toEqual([]);
  });
  it('is not told a second time of whoever is let in already', () => {
    const acl = list(['user', 34, 4], ['owning-group', null, 0]);
    expect(judge([{ ...file, mode: 0o640, acl }, { ...folder, defaultAcl: acl }]).breaches.map(({ account, read }) => [account, read])).toEqual([['backup', true]]);
  });
});

describe('a capability', () => {
  const holder = (uid: number, capability: string, isOwn = false) => ({ uid, capability, isOwn });
  it('lets its account in whatever the rights say', () => {
    const { accounts: shown, breaches } = judge([file], { holders: [holder(34, 'CAP_DAC_READ_SEARCH')] });
    expect(breaches).toEqual([{ kind: 'capability', account: 'backup', read: true, write: false, items: 3, mode: '0600', because: 'a process of this account runs with CAP_DAC_READ_SEARCH, which reads every file' }]);
    expect(shown.find(({ name }) => name === 'backup')).toMatchObject({ read: true, write: false, declared: false });
  });
  it('is no breach of a declared account, and adds what it gives to what that has', () => {
    const { accounts: shown, breaches } = judge([{ ...file, uid: 0, gid: 999, mode: 0o640 }], { holders: [holder(999, 'CAP_DAC_OVERRIDE')] });
    expect(breaches).toEqual([]);
    expect(shown.find(({ name }) => name === 'kluser')).toMatchObject({ write: true, because: expect.stringMatching(/^by group klusers, mode 0640; a process of this account runs with CAP_DAC_OVERRIDE/) });
  });
  it('is shown and no breach where the process is our own', () => {
    const { accounts: shown, breaches } = judge([file], { holders: [holder(34, 'CAP_DAC_READ_SEARCH', true)] });
    expect(breaches).toEqual([]);
    expect(shown.find(({ name }) => name === 'backup')).toEqual({ name: 'backup', read: true, write: false, because: "Mailwarden's own process, which runs with CAP_DAC_READ_SEARCH", declared: true });
  });
  it('that changes owners and modes helps only where the account gets to the file', () => {
    const behind = { ...file, through: [{ uid: 0, gid: 0, mode: 0o700 }] };
    expect(judge([behind], { holders: [holder(34, 'CAP_FOWNER')] }).breaches).toEqual([]);
    expect(judge([behind], { holders: [holder(34, 'CAP_DAC_OVERRIDE')] }).breaches).toHaveLength(1);
    expect(judge([file], { holders: [holder(34, 'CAP_FOWNER')] }).breaches).toHaveLength(1);
  });
  it('is read from the bits of the kernel', () => {
    expect(capabilitiesIn(0x0000_0000_0000_1006n)).toEqual(['CAP_DAC_OVERRIDE', 'CAP_DAC_READ_SEARCH']);
  });
});

describe('a folder above a store', () => {
  const naming = { accounts, shownName };
  it('names an account that may replace the store, unless the profile does', () => {
    const chain = [{ uid: 34, gid: 0, mode: 0o755 }, { uid: 999, gid: 0, mode: 0o755 }];
    expect(openParents(chain, { protection, naming })).toMatchObject([{ kind: 'parent', account: 'backup', write: true, because: 'a folder above the store lets it be replaced: owns it, mode 0755' }]);
  });
  it('that is sticky lets only its owner', () => {
    expect(openParents([{ uid: 0, gid: 4, mode: 0o1777 }], { protection, naming })).toEqual([]);
    expect(openParents([{ uid: 0, gid: 4, mode: 0o775 }], { protection, naming })).toMatchObject([{ account: 'backup' }]);
  });
});
