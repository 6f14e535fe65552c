import type { Result } from '@mailwarden/kernel';

/** The configuration files of a host, as the readers of this library ask for them. Text is Latin-1, one character for each byte. */
export interface ConfigSource {
  /** Errors: why the file cannot be read, in words; `absent` where it is not there. */
  read(path: string): Result<string, string>;
  /** Names in a folder, in byte order; none where it is not there. */
  entries(folder: string): readonly string[];
}

/** Said of a file that is not there. */
export const ABSENT = 'absent';

/** A place of a configuration that could not be understood. It is told, never guessed at. */
export interface Unread {
  /** File and line. */
  readonly source: string;
  readonly why: string;
}

/** More files than this has no configuration of one program. */
export const FILES_MAX = 500;
/** More lines than this has no file that a person writes. */
export const LINES_MAX = 20_000;
/** So much is told of what could not be read. Units: places. */
export const UNREAD_MAX = 50;

export const at = (file: string, line: number): string => `${file}:${line}`;
