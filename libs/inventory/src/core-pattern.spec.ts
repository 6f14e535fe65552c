import { describe, expect, it } from 'vitest';
import { coreDestination, coreName, destinationInWords, mayLeaveDump, programInName } from './core-pattern.js';

describe('where the kernel puts a core', () => {
  it.each([
    ['core', false, 'relative', ['core']],
    ['core', true, 'relative', ['core.%p']],
    ['core.%P', true, 'relative', ['core.%P']],
    ['core.%%p', true, 'relative', ['core.%%p.%p']],
    ['cores/%e', false, 'relative', ['cores', '%e']],
    ['/var/cores/%e.%p', true, 'file', ['var', 'cores', '%e.%p']],
    ['/var/cores/', false, 'none', undefined],
    ['', false, 'none', undefined],
    ['', true, 'relative', ['.%p']],
    ['@/run/coredump.socket', false, 'socket', undefined],
    ['|/usr/lib/systemd/systemd-coredump %P %u', false, 'pipe:systemd-coredump', undefined],
    ['|/usr/libexec/abrt-hook-ccpp %s', true, 'pipe:abrt', undefined],
    ['| /usr/share/apport/apport -p%p', false, 'pipe:apport', undefined],
    ['|/bin/false', false, 'pipe:other', undefined],
    ['|/opt/systemd-coredumper', false, 'pipe:other', undefined],
  ])('%j (uses the number: %s): %s', (pattern, usesPid, words, parts) => {
    const destination = coreDestination(pattern, usesPid);
    expect([destinationInWords(destination), 'parts' in destination ? destination.parts : undefined]).toEqual([words, parts]);
  });

  it.each<[string, string, string | undefined | null]>([
    ['core.%e.%p', 'core.klms-scan.4711', 'klms-scan'],
    ['core.%e.%p', 'core.klms-scan.x', null],
    ['core.%p', 'core.4711', undefined],
    ['core', 'corex', null],
    ['%E-%t', '!usr!sbin!klms-1700000000', '/usr/sbin/klms'],
    ['%h.%f.%e', 'mx.klms-filter.klms', 'klms-filter'],
    ['100%%-%e-%e%q%', '100%-a-b', 'a'],
    ['c(o)re[%p]', 'c(o)re[1]', undefined],
  ])('%s names %s', (part, name, program) => {
    const expression = coreName(part);
    if (program === null) expect(name).not.toMatch(expression);
    else {
      expect(name).toMatch(expression);
      expect(programInName(name, expression)).toBe(program);
    }
  });
});

describe('whether a crash leaves something', () => {
  const at = (pattern: string, limitBytes: number, dumpable = true, suidDumpable = 0): boolean => mayLeaveDump({ destination: coreDestination(pattern, false), limitBytes, dumpable, suidDumpable });
  const [SYSTEMD, APPORT] = ['|/lib/systemd/systemd-coredump', '|/usr/share/apport/apport'];
  it.each<[string, boolean, boolean]>([
    ['a file, without a limit', at('/c/%e', Number.POSITIVE_INFINITY), true],
    ['a file, limit 0', at('/c/%e', 0), false],
    ['a file, limit below a page', at('/c/%e', 4_095), false],
    ['the working folder, limit 0', at('core', 0), false],
    ['a handler, limit 0', at(APPORT, 0), true],
    ['a handler, limit 1, which the kernel takes for never', at(APPORT, 1), false],
    ['a socket, limit 0', at('@/s', 0), true],
    ["systemd's handler, which minds the limit", at(SYSTEMD, 0), false],
    ["systemd's handler, without a limit", at(SYSTEMD, Number.POSITIVE_INFINITY), true],
    ['nowhere', at('', Number.POSITIVE_INFINITY), false],
    ['rights changed, suid_dumpable 0', at('/c/%e', Number.POSITIVE_INFINITY, false, 0), false],
    ['rights changed, suid_dumpable 2, a file', at('/c/%e', Number.POSITIVE_INFINITY, false, 2), true],
    ['rights changed, suid_dumpable 2, the working folder', at('core', Number.POSITIVE_INFINITY, false, 2), false],
  ])('%s', (_what, may, expected) => {
    expect(may).toBe(expected);
  });
});
