import type { ServerTruth } from '../servers/server-truth.js';
import { groupFile, passwdFile } from './account-files.js';
import { AGREEMENT_TEXTS, filtersFile, installerFile, settingsFile } from './product-files.js';
import { PAIR_FOLDERS, REPORTS_FOLDER, TRACE_FOLDER, type ServerTree } from './server-tree.js';

const DOCUMENTS = '/opt/kaspersky/klms/share/doc';
const SYSTEM_FOLDERS = ['/etc', '/etc/opt', '/etc/mailwarden', '/opt', '/opt/kaspersky', '/opt/kaspersky/klms', '/opt/kaspersky/klms/share', DOCUMENTS, '/var', '/var/opt', '/var/log', '/var/run', '/var/run/klms'] as const;
const CONFIGURATION = { mode: 0o640, owner: 'root' } as const;

/** Folders and files that every installation of the product has, before any mail came. */
export function layOutTree(tree: ServerTree, truth: ServerTruth, nowMs: number): void {
  for (const path of SYSTEM_FOLDERS) tree.folder(path, 0o755, 'root');
  tree.folder('/tmp', 0o1777, 'root');
  const { above, backup } = truth.folderModes;
  for (const path of ['/etc/opt/kaspersky', '/etc/opt/kaspersky/klms']) tree.folder(path, 0o750, 'root');
  for (const path of ['/var/opt/kaspersky', '/var/opt/kaspersky/klms']) tree.folder(path, above, 'service');
  for (const path of [PAIR_FOLDERS.asp_quarantine, PAIR_FOLDERS.kata_quarantine, REPORTS_FOLDER, '/var/log/kaspersky', TRACE_FOLDER]) tree.folder(path, 0o750, 'service');
  tree.folder(PAIR_FOLDERS.backup, backup, 'service');
  tree.folder('/tmp/klmstmp', 0o700, 'service');
  tree.folder('/tmp/klms_filter', 0o700, 'service');
  tree.folder(truth.workFolder.path, truth.workFolder.mode, 'service');

  tree.file('/etc/passwd', passwdFile(tree.owners), { mode: 0o644, owner: 'root' });
  tree.file('/etc/group', groupFile(tree.owners), { mode: 0o644, owner: 'root' });
  tree.file('/etc/opt/kaspersky/klms/settings.conf', settingsFile(truth, nowMs), CONFIGURATION);
  tree.file('/etc/opt/kaspersky/klms/klms_filters.conf', filtersFile(truth), CONFIGURATION);
  tree.file('/var/opt/kaspersky/klms/installer.dat', installerFile(truth), { mode: 0o640, owner: 'service' });
  for (const [name, text] of Object.entries(AGREEMENT_TEXTS)) tree.file(`${DOCUMENTS}/${name}`, text, { mode: 0o644, owner: 'root' });
}

/** Names this very process as the product's service: it is what writes the mail. */
export const writePidFile = (tree: ServerTree): void => tree.file('/var/run/klms/klms.pid', `${process.pid}\n`, { mode: 0o644, owner: 'root' });
