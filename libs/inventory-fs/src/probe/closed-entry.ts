import type { Stats } from 'node:fs';

const ROOT = 0;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/** Whether nobody but root, or the running account, may change a file or put another one into a folder. In a folder with the sticky bit nobody replaces what is another's. */
export const isClosed = ({ uid, mode }: Pick<Stats, 'uid' | 'mode'>, isFolder: boolean): boolean => (uid === ROOT || uid === process.geteuid?.()) && ((mode & OTHERS_WRITE) === 0 || (isFolder && (mode & STICKY) !== 0));
