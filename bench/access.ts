import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { compare, report, runProgram, type Side } from './compare.ts';

const CLI = join(import.meta.dirname, '../apps/cli/dist/main.js');
const FOLDERS = 1_000;
const STORE = 'var/mail-store';
const [SERVICE, READERS, BACKUP] = [987, 8, 34];
/** A tenth of the files has a list; these turns of it, so that no two neighbours share theirs. */
const LISTS = [`u:${BACKUP}:r`, `u:${BACKUP}:rw,u:33:r`, `u:${BACKUP}:r,g:50:rw`, `u:${BACKUP}:r,u:60010:rw,g:60011:r`];
const LISTED_EVERY = 10;

const PROFILE = [
  'schema: mailwarden/profile/v1',
  'id: bench',
  'product: { name: Bench, vendor: None, versions: "*" }',
  'sources: { bench: { title: This bench, url: null, date: null, kind: general } }',
  'accounts: { service: kluser, groups: [] }',
  'services: []',
  'stores:',
  `  - { id: mail, section: Mail, kind: files, directories: null, files: [ "/${STORE}/**" ], data-categories: null, duration: not-stated, protection: { accounts: [ root, kluser ], groups: [], source: bench }, rotatable: false }`,
  '',
].join('\n');

const accessed = z.object({ stores: z.array(z.object({ access: z.object({ breaches: z.array(z.object({ kind: z.string(), account: z.string(), read: z.boolean(), items: z.number() })) }) })) });

/** Gives these files their lists, a few thousand at a time. Errors: throws when setfacl is missing or fails. */
function giveLists(paths: readonly string[], list: string): void {
  const { status, stderr, error } = spawnSync('/usr/bin/xargs', ['-0', '/usr/bin/setfacl', '-n', '-m', `${list},m:rw`], { input: paths.join('\0'), encoding: 'utf8' });
  if (status !== 0) throw new Error(`setfacl failed; Debian has it in the package acl: ${error?.message ?? stderr.slice(-400)}`);
}

/** A host root with one store, whose files a group may read and a tenth of which have lists. */
function makeTree(root: string, files: number): void {
  const listed = LISTS.map((): string[] => []);
  const perFolder = Math.ceil(files / FOLDERS);
  for (let made = 0; made < files; made += 1) {
    const folder = join(root, STORE, String(Math.floor(made / perFolder)));
    if (made % perFolder === 0) {
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o751);
      chownSync(folder, SERVICE, READERS);
    }
    const path = join(folder, `message-${made}.eml`);
    writeFileSync(path, 'm', { mode: 0o640 });
    chownSync(path, SERVICE, READERS);
    if (made % LISTED_EVERY === 0) listed[(made / LISTED_EVERY) % LISTS.length]?.push(path);
  }
  chmodSync(join(root, STORE), 0o751);
  chownSync(join(root, STORE), SERVICE, READERS);
  LISTS.forEach((list, index) => giveLists(listed[index] ?? [], list));
  mkdirSync(join(root, 'etc'), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), `root:x:0:0::/:\nkluser:x:${SERVICE}:${SERVICE}::/:\nmail:x:${READERS}:${READERS}::/:\nbackup:x:${BACKUP}:${BACKUP}::/:\n`);
  writeFileSync(join(root, 'etc/group'), `root:x:0:\nmail:x:${READERS}:\n`);
}

const workOf = (byGroup: number, byList: number): string => `a group reads ${byGroup} entries, lists let an account read ${byList}`;

/** What an administrator would run: both programs, one after the other. Their answer is counted once, outside the time. */
function peerSide(base: string): Side {
  const count = (script: string): number => Number(runProgram(['/bin/sh', '-c', script, base]).stdout);
  const work = workOf(count(`find "$0" -perm -g=r -printf x | wc -c`), count(`getfacl -R -P -n -p "$0" | grep -c '^user:${BACKUP}:r'`));
  return {
    name: 'getfacl -R, then find',
    run: () => {
      const peaks = [
        runProgram(['/bin/sh', '-c', 'exec /usr/bin/getfacl -R -P -n -p "$0" > /dev/null', base]).peakMiB,
        runProgram(['/usr/bin/find', base, '-fprintf', '/dev/null', '%U %G %m %y %p\n']).peakMiB,
      ];
      return { work, peakMiB: peaks.includes(null) ? null : Math.max(...peaks.map((peak) => peak ?? 0)) };
    },
  };
}

/** `mailwarden access` of the whole host: who gets in, by which entry, beyond whom the profile names. */
function accessSide(root: string, profile: string): Side {
  return {
    name: 'mailwarden access',
    run: () => {
      // Exit 1 says that somebody else gets in, so the program is run by one that does not mind.
      const { stdout, peakMiB } = runProgram(['/bin/sh', '-c', '"$0" "$@" || test $? -eq 1', process.execPath, CLI, 'access', '--root', root, '--profile', profile, '--format', 'json']);
      const breaches = accessed.parse(JSON.parse(stdout)).stores.flatMap(({ access }) => access.breaches);
      const readable = (kind: string, account: string): number => breaches.find((breach) => breach.kind === kind && breach.account === account && breach.read)?.items ?? 0;
      return { work: workOf(readable('group', 'mail'), readable('acl', 'backup')), peakMiB };
    },
  };
}

/** The effective access map of a store with lists, beside the programs that print what it is made from. */
export function benchAccess(files: number, dir: string): void {
  const root = join(dir, 'access');
  rmSync(root, { recursive: true, force: true });
  makeTree(root, files);
  chmodSync(root, 0o755);
  const profile = join(root, 'bench.yaml');
  writeFileSync(profile, PROFILE);
  report('access', `effective access map of ${files} files in 1 000 folders, lists on a tenth of them, warm cache; a whole program run each`, 'at most 1.0x of getfacl -R and find together', compare('access', [peerSide(join(root, STORE)), accessSide(root, profile)]));
}
