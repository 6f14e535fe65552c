import { accessSync, constants, existsSync } from 'node:fs';

const PROGRAMS = [
  ['mmdebstrap', 'mmdebstrap'],
  ['systemd-nspawn', 'systemd-container'],
] as const;

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').concat('/usr/sbin', '/usr/bin').some((folder) => {
    try {
      accessSync(`${folder}/${program}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Why no mail server can be built and booted here, in plain words; null where it can. */
export function whyNoMailServer(): string | null {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'only root can build and boot one';
  if (!existsSync('/etc/debian_version')) return "this is not Debian, from whose packages it is built";
  const missing = PROGRAMS.find(([program]) => !isOnPath(program));
  if (missing !== undefined) return process.env['MAILWARDEN_NO_MAIL_SERVERS'] ?? `${missing[0]} is missing; try: apt-get install ${missing[1]}`;
  const hierarchy = ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) => existsSync(`${path}/cgroup.procs`));
  if (hierarchy === undefined) return 'the kernel shows no control groups';
  try {
    accessSync(`${hierarchy}/cgroup.procs`, constants.W_OK);
  } catch {
    return 'control groups may not be written here';
  }
  return null;
}
