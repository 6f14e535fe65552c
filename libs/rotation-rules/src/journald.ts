import { formatByteCount, formatExactDuration } from '@mailwarden/kernel';
import { ABSENT, at, LINES_MAX, type ConfigSource, type Unread } from './config-source.js';
import { dropIns, foldersOf } from './drop-ins.js';
import { binarySize, timeSpan } from './time-span.js';

/** What journald is set to. What nothing sets is null, and journald's own default holds. */
export interface JournaldSettings {
  readonly storage: string | null;
  readonly systemMaxBytes: number | null;
  readonly runtimeMaxBytes: number | null;
  readonly maxRetentionSeconds: number | null;
  readonly maxFileSeconds: number | null;
  readonly forwardsToSyslog: boolean | null;
  /** Where the last setting about size or age stands; the main file where none does. */
  readonly source: string;
  readonly unread: readonly Unread[];
}

const MAIN_FILE = 'systemd/journald.conf';
const TRUE: ReadonlySet<string> = new Set(['1', 'yes', 'true', 'on', 'y', 't']);
const ABOUT_KEEPING: ReadonlySet<string> = new Set(['SystemMaxUse', 'RuntimeMaxUse', 'MaxRetentionSec', 'MaxFileSec']);

type Settings = Map<string, { readonly value: string; readonly source: string }>;

function readSection(text: string, file: string, into: Settings): void {
  let section = '';
  text.split('\n', LINES_MAX).forEach((raw, index) => {
    const line = raw.trim();
    if (line.startsWith('[')) section = line;
    const equals = line.indexOf('=');
    if (section !== '[Journal]' || equals < 1 || line.startsWith('#') || line.startsWith(';')) return;
    into.set(line.slice(0, equals).trim(), { value: line.slice(equals + 1).trim(), source: at(file, index + 1) });
  });
}

/** Reads journald.conf and its drop-ins. An empty value takes a setting back. Source: journald.conf(5). */
export function readJournald(config: ConfigSource): JournaldSettings {
  const [settings, unread]: [Settings, Unread[]] = [new Map(), []];
  const mains = foldersOf(MAIN_FILE);
  const main = mains.find((path) => config.read(path).ok) ?? `/etc/${MAIN_FILE}`;
  for (const file of [main, ...dropIns(config, foldersOf(`${MAIN_FILE}.d`))]) {
    const text = config.read(file);
    if (text.ok) readSection(text.value, file, settings);
    else if (text.error !== ABSENT) unread.push({ source: file, why: text.error });
  }
  const value = <T>(name: string, of: (text: string) => T | null): T | null => {
    const set = settings.get(name);
    if (set === undefined || set.value === '') return null;
    const read = of(set.value);
    if (read === null) unread.push({ source: set.source, why: `${name} cannot be read` });
    return read;
  };
  return {
    storage: value('Storage', (text) => text.slice(0, 20)),
    systemMaxBytes: value('SystemMaxUse', binarySize),
    runtimeMaxBytes: value('RuntimeMaxUse', binarySize),
    maxRetentionSeconds: value('MaxRetentionSec', timeSpan),
    maxFileSeconds: value('MaxFileSec', timeSpan),
    forwardsToSyslog: value('ForwardToSyslog', (text) => TRUE.has(text.toLowerCase())),
    source: [...settings].filter(([name, { value: set }]) => ABOUT_KEEPING.has(name) && set !== '').at(-1)?.[1].source ?? main,
    unread,
  };
}

/** `keeps 500 MB at most, 30 days at most`. `persistent` tells the journal on the disk from the one in /run. */
export function journaldWords(settings: JournaldSettings, persistent: boolean): string {
  const bytes = persistent ? settings.systemMaxBytes : settings.runtimeMaxBytes;
  const { maxRetentionSeconds: kept, maxFileSeconds: file } = settings;
  return [
    bytes === null ? 'keeps a tenth of the file system, 4 GiB at most' : `keeps ${formatByteCount(bytes)} at most`,
    ...(kept === null || kept === 0 ? [] : [`${formatExactDuration(Math.round(kept))} at most`]),
    ...(file === null || file === 0 ? [] : [`begins a new file after ${formatExactDuration(Math.round(file))}`]),
  ].join(', ');
}
