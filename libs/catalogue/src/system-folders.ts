/** Folders that hold what is not the product's: none of them is a store as a whole. */
const SHARED = ['', '/bin', '/boot', '/dev', '/etc', '/home', '/lib', '/lib64', '/opt', '/proc', '/root', '/run', '/sbin', '/srv', '/sys', '/tmp', '/usr', '/usr/lib', '/usr/local', '/usr/share', '/var', '/var/cache', '/var/lib', '/var/log', '/var/mail', '/var/opt', '/var/run', '/var/spool', '/var/tmp', '/etc/opt', '/mnt', '/media'];

/** Trees that make up the system: nothing anywhere below is ever deleted. */
const SYSTEM = ['/bin', '/boot', '/dev', '/etc', '/lib', '/lib32', '/lib64', '/libx32', '/proc', '/root', '/sbin', '/sys', '/usr', '/var/lib/dpkg', '/var/lib/rpm', '/var/lib/mailwarden', '/var/lib/mailwarden-executor'];

const withoutEnd = (folder: string): string => folder.replace(/\/+$/, '');

/** True for a folder that many share, so that a store in it must lie deeper. */
export const isSharedFolder = (folder: string): boolean => SHARED.includes(withoutEnd(folder));

/** True for everything that belongs to the system. Safety: no store that may be deleted from lies here, whatever a profile or a product's own setting says. */
export const isOfTheSystem = (path: string): boolean => SYSTEM.some((folder) => path === folder || path.startsWith(`${folder}/`));
