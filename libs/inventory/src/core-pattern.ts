import type { BytePath } from './pattern.js';

/** Programs that kernels are commonly told to hand a core to. */
export type CoreHandler = 'systemd-coredump' | 'abrt' | 'apport' | 'other';

/** Where the kernel puts what a crashed process had in memory. Source: core(5). */
export type CoreDestination =
  | { readonly kind: 'none' }
  /** Components of the path below the host's root, the last one the file's name; each may hold specifiers. */
  | { readonly kind: 'file'; readonly parts: readonly string[] }
  /** The same, below the working folder of the process that crashed. */
  | { readonly kind: 'relative'; readonly parts: readonly string[] }
  | { readonly kind: 'pipe'; readonly handler: CoreHandler }
  /** Handed to a program that listens, from Linux 6.16 on. */
  | { readonly kind: 'socket' };

const HANDLERS: readonly (readonly [RegExp, CoreHandler])[] = [
  [/\/systemd-coredump$/, 'systemd-coredump'],
  [/\/abrt-hook-ccpp$/, 'abrt'],
  [/\/apport$/, 'apport'],
];

function handlerOf(command: string): CoreHandler {
  const program = command.trim().split(/\s/, 1)[0] ?? '';
  return HANDLERS.find(([name]) => name.test(program))?.[1] ?? 'other';
}

/** Reads `kernel.core_pattern`, and with it `kernel.core_uses_pid`, which adds the process's number to a name without one. */
export function coreDestination(pattern: string, usesPid: boolean): CoreDestination {
  if (pattern.startsWith('|')) return { kind: 'pipe', handler: handlerOf(pattern.slice(1)) };
  if (pattern.startsWith('@')) return { kind: 'socket' };
  const named = usesPid && !/%p/i.test(pattern.replaceAll('%%', '')) ? `${pattern}.%p` : pattern;
  const parts = named.split('/').filter((part) => part !== '');
  return parts.length === 0 || named.endsWith('/') ? { kind: 'none' } : { kind: named.startsWith('/') ? 'file' : 'relative', parts };
}

/** In words, as the setting `core-destination` tells it. */
export const destinationInWords = (destination: CoreDestination): string => (destination.kind === 'pipe' ? `pipe:${destination.handler}` : destination.kind);

/** What a specifier becomes. Source: core(5), naming of core dump files; a `/` in a name becomes `!`. */
const SPECIFIERS: Readonly<Record<string, string>> = { e: '(?<name>[^/]{1,16})', f: '(?<file>[^/]+)', E: '(?<path>[^/]+)', h: '[^/]+', ...Object.fromEntries([...'pPiIugdstcFC'].map((letter) => [letter, String.raw`\d+`])) };
const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);

/** Which names one component of a pattern can become. A second specifier of one kind is left unnamed, as one is enough. */
export function coreName(part: string): RegExp {
  const seen = new Set<string>();
  const source = part.replace(/%(.?)|[^%]+/gsu, (text, specifier: string | undefined) => {
    if (!text.startsWith('%')) return literal(text);
    if (specifier === '%') return '%';
    const becomes = SPECIFIERS[specifier ?? ''] ?? ''; // What the kernel does not know, it leaves out.
    if (!seen.has(becomes)) {
      seen.add(becomes);
      return becomes;
    }
    return becomes.replace(/\?<\w+>/, '?:');
  });
  return new RegExp(`^${source}$`, 's');
}

/** The program that a file's name tells of; undefined where the pattern names none. */
export function programInName(name: BytePath, expression: RegExp): string | undefined {
  const groups = expression.exec(name)?.groups;
  return groups?.['path']?.replaceAll('!', '/') ?? groups?.['file'] ?? groups?.['name'];
}

/** Below this a core limit means none. Source: core(5); fs/coredump.c, `min_coredump`. Units: bytes. */
const SMALLEST_CORE_BYTES = 4_096;
/** A pipe gets nothing from a process with this very limit, so that the handler's own crash makes no circle. Source: fs/coredump.c. */
const NEVER_PIPED = 1;

/** What decides whether a crash leaves a dump. */
export interface DumpConditions {
  readonly destination: CoreDestination;
  /** Soft RLIMIT_CORE of the process. Units: bytes; Infinity for unlimited. */
  readonly limitBytes: number;
  /** Whether the process is an ordinary one that may be dumped; false after it changed its rights. */
  readonly dumpable: boolean;
  /** `fs.suid_dumpable`. */
  readonly suidDumpable: number;
}

/**
 * Whether the kernel would leave something when the process crashes.
 * The limit holds back files alone: a handler behind a pipe gets the core whatever the limit, and only systemd's own minds it. A process that changed its rights
 * leaves a core only where `fs.suid_dumpable` is 2, and then never in its working folder. Source: core(5), proc_sys_fs(5), systemd-coredump(8).
 */
export function mayLeaveDump({ destination, limitBytes, dumpable, suidDumpable }: DumpConditions): boolean {
  if (destination.kind === 'none') return false;
  if (!dumpable && (suidDumpable !== 2 || destination.kind === 'relative')) return false;
  const minded = destination.kind === 'file' || destination.kind === 'relative' || (destination.kind === 'pipe' && destination.handler === 'systemd-coredump');
  return minded ? limitBytes >= SMALLEST_CORE_BYTES : limitBytes !== NEVER_PIPED;
}
