import { chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Words that stand for persons: in names of files, folders, accounts, groups, settings and letters. None may leave the host. */
export const PERSONS = ['annaperson', 'bernardperson', 'chiaraperson', 'dmitriperson', 'eveperson'] as const;
const PERSON_UID = 4_242;
const OWN_UID = process.getuid?.() ?? 0;
const AS_ROOT = OWN_UID === 0;

const NAMES = [
  'annaperson@example.org.eml', 'Re: bernardperson\n"quoted" <chiaraperson@example.org>', '=cmd|dmitriperson', '-rf eveperson', '%s annaperson %00', '<img src=x onerror=bernardperson>', '\u202Echiaraperson', '; DROP TABLE dmitriperson', '{{eveperson}}', `${'annaperson'.repeat(20)}`,
].map((name) => Buffer.from(name.replaceAll('/', '_')));
const BYTES = [Buffer.concat([Buffer.from('annaperson'), Buffer.from([0xff, 0xfe])]), Buffer.concat([Buffer.from([0xc3, 0x28]), Buffer.from('bernardperson')])];

/** A mail server whose every name tells of a person. */
export async function layOutPersonalHost(): Promise<{ root: string; remove(): Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), 'mailwarden-personal-'));
  const owner = AS_ROOT ? PERSON_UID : OWN_UID;
  const put = async (folder: string, name: string | Buffer, text: string): Promise<void> => {
    await mkdir(join(root, folder), { recursive: true });
    const path = Buffer.concat([Buffer.from(`${join(root, folder)}/`), Buffer.from(name as string)]);
    await writeFile(path, text, { mode: 0o640 });
    if (AS_ROOT) await chown(path, owner, owner);
  };
  await put('etc', 'passwd', ['root:x:0:0:root:/root:/bin/bash', `annaperson:x:${owner}:${owner}:Anna Annaperson:/home/annaperson:/bin/bash`, 'bernardperson:x:4243:4243::/home/bernardperson:/bin/bash', 'kluser:x:300:300::/:/bin/false', ''].join('\n'));
  await put('etc', 'group', ['root:x:0:', `chiaraperson:x:${owner}:bernardperson,dmitriperson`, 'bernardperson:x:4243:', 'klusers:x:300:kluser', ''].join('\n'));
  const klms = 'var/opt/kaspersky/klms';
  for (const folder of [`${klms}/backup`, `${klms}/reports`, `${klms}/backup/annaperson@example.org`, 'var/log/kaspersky', `${klms}/asp_quarantine/eveperson`, 'tmp/klms_filter']) {
    for (const name of [...NAMES, ...BYTES]) await put(folder, name, 'From: annaperson@example.org\nSubject: bernardperson\n');
  }
  await symlink('/home/annaperson', join(root, klms, 'backup', 'link-of-dmitriperson'));
  await put('etc/opt/kaspersky/klms', 'settings.conf', 'backupMaxSizeMb=1000\nnotify=annaperson@example.org\ntraceLevel=annaperson@example.org\n');
  await put(klms, 'installer.dat', 'PRODUCT_VERSION=8.0.3\nEULA_AGREED=yes\nADMIN=bernardperson@example.org\n');
  return { root, remove: () => rm(root, { recursive: true, force: true }) };
}
