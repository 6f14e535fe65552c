import { spawn } from 'node:child_process';
import { known, unknown, type Measured } from '@mailwarden/kernel';
import type { Host } from '../host.js';
import { runCommand } from '../probe/run-command.js';
import { hostEntries } from './host-config.js';
import { added, NO_LINES, type LineSums } from './line-counter.js';

const JOURNALCTL = '/usr/bin/journalctl';
const FOLDERS = ['/var/log/journal', '/run/log/journal'];
/** Time for the list of programs, and time for their lines. Units: seconds, milliseconds. */
const LIST_SECONDS = 5;
const READ_MS_MAX = 5_000;
/** Units: bytes of journalctl's output. */
const READ_BYTES_MAX = 64 * 1024 * 1024;
/** A line of JSON that is longer holds a message that nobody writes; it is counted by its length. Units: bytes. */
const ENTRY_MAX = 1_048_576;
const PROGRAMS_MAX = 100;

export interface JournalLines {
  readonly sums: LineSums;
  readonly cutOff: string | null;
}

/** The output is read one character for each byte; a message that is no text comes as a list of bytes. */
const messageBytes = (message: unknown): number => (typeof message === 'string' ? message.length : Array.isArray(message) ? message.length : 0);

function entryOf(line: string): LineSums {
  try {
    const entry = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const atMs = Math.floor(Number(entry['__REALTIME_TIMESTAMP']) / 1000);
    const moment = Number.isFinite(atMs) ? atMs : null;
    return { lines: 1, bytes: messageBytes(entry['MESSAGE']), oldestMs: moment, newestMs: moment };
  } catch {
    return { ...NO_LINES, lines: 1, bytes: line.length };
  }
}

/** Programs in the journal that a product writes as. The journal takes no globs, so it is asked for all names. */
async function programsIn(matches: (program: string) => boolean, place: readonly string[]): Promise<Measured<string[]>> {
  const names = await runCommand([JOURNALCTL, '--quiet', '--no-pager', ...place, '--field=SYSLOG_IDENTIFIER'], LIST_SECONDS);
  if (!names.known) return names;
  const found = names.value.split('\n').filter((name) => name !== '' && !name.startsWith('-') && matches(name));
  return found.length > PROGRAMS_MAX ? unknown(`more than ${PROGRAMS_MAX} programs write to the journal as the product`) : known(found);
}

/** Counts the lines of a product in the journal; null where this host keeps none. Only the journal of this machine itself is read. */
export async function hostJournalLines(host: Host, matches: (program: string) => boolean): Promise<Measured<JournalLines> | null> {
  if (FOLDERS.every((folder) => hostEntries(host, folder).length === 0)) return null;
  return host.rootPath === '/' ? journalLines(matches) : unknown('the journal of a root that is not this host is not read');
}

/** Counts the lines of a product in the machine's journal, or in one that `place` names to journalctl. Errors: unknown with its reason where journalctl is missing, fails or does not end. */
export async function journalLines(matches: (program: string) => boolean, place: readonly string[] = []): Promise<Measured<JournalLines>> {
  const programs = await programsIn(matches, place);
  if (!programs.known) return programs;
  return programs.value.length === 0 ? known({ sums: NO_LINES, cutOff: null }) : readEntries(programs.value, place);
}

function readEntries(programs: readonly string[], place: readonly string[]): Promise<Measured<JournalLines>> {
  return new Promise((resolve) => {
    let [sums, rest, bytes, cutOff] = [NO_LINES, '', 0, null as string | null];
    const child = spawn(JOURNALCTL, ['--quiet', '--no-pager', ...place, '--output=json', '--output-fields=MESSAGE', ...programs.map((name) => `--identifier=${name}`)], { env: {}, cwd: '/', stdio: ['ignore', 'pipe', 'ignore'] });
    const stop = (why: string): void => {
      cutOff ??= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => stop('reading the journal took longer than a scan may take'), READ_MS_MAX);
    child.stdout.setEncoding('latin1').on('data', (piece: string) => {
      if (cutOff !== null) return;
      bytes += piece.length;
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) sums = added(sums, entryOf(line));
      if (bytes > READ_BYTES_MAX || rest.length > ENTRY_MAX) stop('the journal holds more than one scan reads');
    });
    child.on('error', () => resolve(unknown(`${JOURNALCTL} cannot be run`)));
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve(code === 0 || cutOff !== null ? known({ sums, cutOff }, 'journalctl') : unknown(`${JOURNALCTL} ended with ${String(code)}`));
    });
  });
}
