/** Programs that would run whatever they are given. */
const SHELLS = new Set(['sh', 'bash', 'dash', 'ash', 'ksh', 'zsh', 'csh', 'tcsh', 'fish', 'busybox', 'env', 'xargs', 'find', 'perl', 'python', 'python3', 'ruby', 'node', 'awk', 'sudo', 'su', 'nsenter', 'chroot', 'systemd-run', 'rm', 'unlink', 'shred']);

/** What programs of known products load that the product's own account may write, or may write for all that is known. */
const LOADS: Readonly<Record<string, string>> = {
  rspamd: 'runs Lua that lies in /var/lib/rspamd',
  rspamadm: 'runs Lua that lies in /var/lib/rspamd',
  clamd: 'reads the signature databases of /var/lib/clamav',
  clamscan: 'reads the signature databases of /var/lib/clamav',
  clamdscan: 'reads the signature databases of /var/lib/clamav',
  clamconf: 'reads the signature databases of /var/lib/clamav',
  freshclam: 'reads the signature databases of /var/lib/clamav',
  sigtool: 'reads the signature databases of /var/lib/clamav',
  'klms-control': "loads what no public page tells of, beside the product's own data",
};

const nameOf = (program: string): string => program.slice(program.lastIndexOf('/') + 1);

/** Whether a program is no product's own, but one that runs what others write. */
export const isShell = (program: string): boolean => SHELLS.has(nameOf(program));

/** What a program loads that its product may write, in words; null where that is not known of it. */
export const loadsOf = (program: string): string | null => {
  const name = nameOf(program);
  return Object.hasOwn(LOADS, name) ? (LOADS[name] ?? null) : null;
};
