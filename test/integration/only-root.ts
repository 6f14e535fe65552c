export const isRoot = process.getuid?.() === 0;
/** Said in the title of what an ordinary user cannot try. */
export const ONLY_ROOT = isRoot ? '' : ' (skipped: mounts, devices and other accounts need the super-user)';
