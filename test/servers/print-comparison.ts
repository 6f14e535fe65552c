// Prints the comparison of a statement with what other programs say, as a table for docs/profiles/comparison.md:
//   node --conditions=@mailwarden/source --import=./scripts/from-source.mjs test/servers/print-comparison.ts gateway
import { MAIL_SERVERS, type MailServerName } from '../../scripts/mail-server/recipe.ts';
import { startMailServer } from '../../scripts/mail-server/running-server.ts';
import { mailwardenInside, SHOWN_PRODUCT } from '../../scripts/mail-server/shown-product.ts';
import { scanDocument } from '../../apps/cli/src/output/scan-json.js';
import { GUARDED, STILL } from './compared-stores.js';
import { duBytes, findFiles, whoReads } from './independent-tools.js';

const isServer = (text: string): text is MailServerName => MAIL_SERVERS.some((known) => known === text);
const [name = ''] = process.argv.slice(2);
if (!isServer(name)) throw new Error(`name one of: ${MAIL_SERVERS.join(', ')}`);
const print = (...cells: (string | number)[]): void => void process.stdout.write(`| ${cells.join(' | ')} |\n`);
const figure = (value: { known: boolean; value?: unknown; reason?: string }): string => (value.known ? String(value.value) : `unknown: ${value.reason ?? ''}`);

const server = await startMailServer(name, { shown: SHOWN_PRODUCT });
try {
  const documents = scanDocument.array().parse(JSON.parse((await mailwardenInside(server, ['scan', '--format', 'json'])).stdout));
  const storeOf = (profile: string, store: string) => documents.find(({ product }) => product.id === profile)?.stores.find(({ id }) => id === store);
  print('store', 'items', '`find`', 'bytes', '`find %s`', 'allocated', '`du`');
  print(...Array.from({ length: 7 }, () => '---'));
  for (const { profile, store, places, test } of STILL[name]) {
    const told = storeOf(profile, store);
    const found = await findFiles(server, places, test);
    if (told !== undefined) print(`${profile}/${store}`, figure(told.items), found.items, figure(told.bytesApparent), found.bytesApparent, figure(told.bytesAllocated), found.items === 0 ? 0 : await duBytes(server, places, test));
  }
  print('store', 'readable by', '`setpriv ... find -readable`');
  print('---', '---', '---');
  for (const { profile, store, places } of GUARDED[name]) {
    const readers = storeOf(profile, store)?.access.accounts.filter(({ read, namesOnly }) => read && namesOnly !== true) ?? [];
    print(`${profile}/${store}`, readers.map((account) => account.name).sort().join(', '), (await whoReads(server, places)).join(', '));
  }
  const asked = name === 'gateway' ? ['postqueue -j | sed "s/.*queue_name\\": \\"\\([a-z]*\\).*/\\1/" | sort | uniq -c', 'doveadm -f tab mailbox status -u anna messages "*"; doveadm -f tab mailbox status -u ben messages "*"', 'redis-cli llen rs_historymx_zst', 'find /var/lib/amavis/virusmails -type f | wc -l', 'clamdscan --version', 'journalctl --disk-usage', 'getfacl -p /var/spool/postfix/hold /var/lib/amavis/virusmails /var/log/journal /var/mail', 'ss -Hltn', 'postconf -h maximal_queue_lifetime', 'grep -cE " postfix/[a-z-]+\\[" /var/log/mail.log /var/log/syslog'] : ['exim4 -bpc', 'exim4 -bP timeout_frozen_after', 'getfacl -p /var/spool/exim4/input /var/mail/anna', 'ss -Hltn'];
  for (const command of asked) process.stdout.write(`\n$ ${command}\n${(await server.run(['/bin/sh', '-c', command])).stdout}`);
  process.stdout.write((await mailwardenInside(server, ['scan', '--no-color'])).stdout);
} finally {
  await server.stop();
}
