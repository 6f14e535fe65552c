import { readdirSync, readFileSync } from 'node:fs';

/** Setting by which every process of one suite is known, whatever group or session it moved to. */
export const SUITE_MARK = 'MAILWARDEN_TEST_SUITE';

export interface MarkedProcess {
  readonly pid: number;
  readonly command: string;
}

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
};

/** Running processes that carry the mark, dead ones that wait for their parent left out. */
export function processesOf(mark: string): MarkedProcess[] {
  const setting = `\0${SUITE_MARK}=${mark}\0`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && `\0${textOf(`/proc/${name}/environ`)}\0`.includes(setting))
    .map((name) => ({ pid: Number(name), command: textOf(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim() }))
    .filter(({ command }) => command !== '');
}
