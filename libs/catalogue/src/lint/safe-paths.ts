import type { ProfileForm } from '../profile-form.js';
import type { Mistake } from './mistake.js';

/** A store that may be deleted from must lie deeper than these: they hold what is not the product's. */
const NEVER_A_STORE = ['', '/bin', '/boot', '/dev', '/etc', '/home', '/lib', '/lib64', '/opt', '/proc', '/root', '/run', '/sbin', '/srv', '/sys', '/tmp', '/usr', '/usr/lib', '/var', '/var/lib', '/var/log', '/var/mail', '/var/opt', '/var/spool', '/var/tmp', '/etc/opt'];

/** The part of a glob before its first wildcard, without the last, unfinished component. */
const fixedFolder = (glob: string): string => glob.slice(0, glob.search(/[*?[]/) === -1 ? glob.length : glob.search(/[*?[]/)).replace(/\/[^/]*$/, '');

function pathMistake(path: string): { message: string; advice: string } | null {
  if (!path.startsWith('/') && !path.startsWith('${')) return { message: `"${path}" is not an absolute path`, advice: 'begin with "/", counted from the host\'s root' };
  if (path.split('/').includes('..')) return { message: `"${path}" climbs out with ".."`, advice: 'name the place itself' };
  if (path.includes('//') || path.includes('\0')) return { message: `"${path}" is not a plain path`, advice: 'write single slashes' };
  return null;
}

/** Every place is absolute, stays where it is, and is no folder that belongs to the system or to people. */
export function safePaths(form: ProfileForm): Mistake[] {
  const mistakes: Mistake[] = [];
  form.stores.forEach((store, index) => {
    for (const member of ['files', 'exclude', 'active'] as const) {
      store[member].forEach((glob, place) => {
        const path = ['stores', index, member, place];
        const mistake = pathMistake(glob);
        if (mistake !== null) mistakes.push({ path, ...mistake });
        else if (member === 'files' && glob.startsWith('/') && NEVER_A_STORE.includes(fixedFolder(glob)) && (store.rotatable || !/^\/[^*]+\/[^/*]+\*?[^/]*$/.test(glob))) {
          mistakes.push({ path, message: `"${glob}" takes in a folder of the system`, advice: 'name the product\'s own folder' });
        }
      });
    }
  });
  for (const [name, { default: path }] of Object.entries(form.variables)) {
    const mistake = pathMistake(path);
    if (mistake !== null) mistakes.push({ path: ['variables', name, 'default'], ...mistake });
    else if (NEVER_A_STORE.includes(path.replace(/\/+$/, ''))) mistakes.push({ path: ['variables', name, 'default'], message: `"${path}" is a folder of the system`, advice: "name the product's own folder" });
  }
  return mistakes;
}
