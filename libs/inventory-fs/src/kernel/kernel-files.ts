import { readFileSync } from 'node:fs';
import { err, ok, type Result } from '@mailwarden/kernel';

/** Where the running kernel shows itself. */
export interface KernelFiles {
  readonly proc: string;
  readonly sys: string;
}

export const KERNEL: KernelFiles = { proc: '/proc', sys: '/sys' };

/** Text of a file that the kernel makes when it is read, as bytes. Errors: why it cannot be read. */
export function kernelText(path: string): Result<string, string> {
  try {
    return ok(readFileSync(path, 'latin1'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    return err(code === 'EACCES' || code === 'EPERM' ? 'the kernel does not let it be read' : 'the kernel does not show it');
  }
}

/** A setting of the running kernel. Source: sysctl(8). */
export const kernelSetting = (name: string, { proc }: KernelFiles = KERNEL): Result<string, string> => {
  const text = kernelText(`${proc}/sys/${name.replaceAll('.', '/')}`);
  return text.ok ? ok(text.value.trim()) : text;
};
