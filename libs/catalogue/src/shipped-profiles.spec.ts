import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseProfile } from './parse-profile.js';
import type { Probe } from './profile.js';

const FOLDER = new URL('../profiles/', import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
const textOf = (file: string): string => readFileSync(new URL(file, FOLDER), 'utf8');
const problemsOf = (text: string) => {
  const parsed = parseProfile(text);
  return parsed.ok ? [] : parsed.error;
};

describe('the profiles that ship', () => {
  it.each(FILES)('%s is in order, is named as its file, and uses every source that it names', (file) => {
    const text = textOf(file);
    expect(problemsOf(text)).toEqual([]);
    const parsed = parseProfile(text);
    if (!parsed.ok) throw new Error('unreachable');
    expect(`${parsed.value.id}.yaml`).toBe(file);
    const unused = Object.keys(parsed.value.sources).filter((id) => !new RegExp(String.raw`source: ${id}\b`).test(text));
    expect(unused).toEqual([]);
  });

  it.each(FILES)('%s says of each store what may be in it, and where that is known from', (file) => {
    const parsed = parseProfile(textOf(file));
    if (!parsed.ok) throw new Error('unreachable');
    for (const store of parsed.value.stores) expect([store.id, store.dataCategories === null, store.source === null]).toEqual([store.id, false, false]);
  });
});

describe('a command that a shipped profile reads a value by', () => {
  /** Each was judged by what it loads, as docs/writing-a-profile.md says; whoever adds one judges it too. */
  const JUDGED: Readonly<Record<string, string | null>> = { '/usr/sbin/postconf': null, '/usr/bin/doveconf': null, '/usr/sbin/dovecot': null, '/usr/sbin/exim4': null, '/opt/kaspersky/klms/bin/klms-control': 'kluser' };

  it.each(FILES)('%s: loads nothing that the product may write, or runs as its account', (file) => {
    const commands: Extract<Probe, { kind: 'command' }>[] = [];
    const parsed = parseProfile(textOf(file));
    const walk = (value: unknown): void => {
      if (value === null || typeof value !== 'object') return;
      if ('kind' in value && value.kind === 'command') commands.push(value as unknown as (typeof commands)[number]);
      Object.values(value).forEach(walk);
    };
    walk(parsed.ok ? parsed.value : null);
    for (const { command, account } of commands) expect(JUDGED).toHaveProperty([command[0] ?? ''], account);
  });
});

describe('places that many share', () => {
  const HOST = textOf('linux-host.yaml');
  const MAIL = '"/var/mail/*"';
  const withPlace = (place: string, text = HOST) => problemsOf(text.replace(MAIL, () => `"${place}"`));

  it.each(['/var/mail/*', '/home/*/Maildir/**', '/home/*/.dovecot*', '/tmp/clamav-*/**', '/var/tmp/*-scantemp.*/**', '/tmp/systemd-private-*-amavis.service-*/tmp/**'])('%s may be measured', (place) => {
    expect(HOST).toContain(MAIL);
    expect(withPlace(place)).toEqual([]);
  });

  it.each(['/home/*/**', '/home/*', '/home/*/*/x', '/home/*/a*', '/home/**', '/tmp/*', '/tmp/**', '/tmp/*/x', '/var/*/x', '/*/mail/*'])('%s takes in too much', (place) => {
    expect(withPlace(place)).toMatchObject([{ path: 'stores[0].files[0]', message: expect.stringContaining('takes in a folder of the system'), advice: expect.stringContaining('own folder') }]);
  });

  it.each(['/var/mail/*', '/home/*/Maildir/**', '/home/*/mail/**', '/tmp/clamav-*/**'])('%s is never deleted from', (place) => {
    const rotatable = HOST.replace('rotatable: false', 'rotatable: true');
    expect(withPlace(place, rotatable)).toMatchObject([{ path: 'stores[0].files[0]', message: expect.stringContaining('takes in a folder of the system') }]);
  });
});

describe('a switch', () => {
  it('is shown in a store that there is', () => {
    const text = textOf('clamav.yaml');
    expect(text).toContain('store: temporary,');
    expect(problemsOf(text.replace('store: temporary,', 'store: temporay,'))).toMatchObject([{ path: 'switches.temporary-files-are-left.store', message: 'the store "temporay" is not declared', advice: 'did you mean "temporary"?' }]);
  });
});
