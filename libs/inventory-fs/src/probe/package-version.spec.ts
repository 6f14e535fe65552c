import { existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withHost } from '../host.js';
import { packageVersion, upstreamVersion } from './package-version.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-package-'));
  mkdirSync(join(root, 'var/lib/dpkg/status.d'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const STATUS = 'var/lib/dpkg/status';
async function told(name: string, at = root): Promise<string> {
  const version = await withHost(at, { databases: {} }, (host) => packageVersion(host, name));
  return version.known ? version.value : `(${version.reason})`;
}
const paragraph = (name: string, version: string, status: string): string => `Package: ${name}\nStatus: ${status}\nMulti-Arch: foreign\nDescription: x\n Package: indented\nVersion: ${version}\n`;

describe('the version of a package', () => {
  it.each([
    ['3.7.11-0+deb12u1', '3.7.11'],
    ['1:2.3.19.1+dfsg1-2.1+deb12u1', '2.3.19.1'],
    ['3.4-1', '3.4'],
    ['1.0.7+dfsg-1~deb12u1', '1.0.7'],
    ['4.96-15+deb12u6', '4.96'],
    ['8.0.3-30', '8.0.3'],
    ['20230311', '20230311'],
    ['2:1.2~rc1-3', '1.2~rc1'],
    ['1.2-rc1-3', '1.2-rc1'],
    ['6.0ubuntu1', '6.0ubuntu1'],
    ['2.12.1~ds1-1ubuntu2', '2.12.1'],
  ])('%s is of %s', (version, upstream) => {
    expect(upstreamVersion(version)).toBe(upstream);
  });

  it('is that of what is installed, by its whole name', async () => {
    writeFileSync(join(root, STATUS), [paragraph('postfix-doc', '1', 'install ok installed'), paragraph('postfix', '9', 'deinstall ok config-files'), paragraph('postfix', '3.7.11-0+deb12u1', 'install ok installed'), paragraph('exim4', '4', 'deinstall ok config-files')].join('\n'));
    expect([await told('postfix'), await told('exim4'), await told('indented')]).toEqual(['3.7.11', '(the package is not installed)', '(the package is not installed)']);
  });

  it('is found wherever the reading of a long file is cut', async () => {
    const filler = Array.from({ length: 9_000 }, (_, index) => paragraph(`filler-${index}`, '1', 'install ok installed')).join('\n');
    writeFileSync(join(root, STATUS), `${filler}\n${paragraph('last', '7.1-2', 'install ok installed')}`);
    expect([await told('last'), await told('filler-4321')]).toEqual(['7.1', '1']);
  });

  it('is found in an image without a package manager', async () => {
    writeFileSync(join(root, 'var/lib/dpkg/status.d/postfix'), 'Package: postfix\nVersion: 3.9.0-1\n');
    expect(await told('postfix')).toBe('3.9.0');
  });

  it('is unknown where there are no records, or none that can be read', async () => {
    expect(await told('postfix')).toBe('(this host has no records of dpkg or rpm)');
    mkdirSync(join(root, 'var/lib/rpm'));
    writeFileSync(join(root, 'var/lib/rpm/rpmdb.sqlite'), '');
    expect(await told('postfix')).toContain('rpm, which tells of the host that it runs on alone');
    writeFileSync(join(root, STATUS), 'x'.repeat(2_000_000));
    expect(await told('postfix')).toBe('(/var/lib/dpkg/status: the records of dpkg are damaged)');
    truncateSync(join(root, STATUS), 5_000_000_000);
    expect(await told('postfix')).toContain('5000000000 bytes, more than');
  });

  it.runIf(existsSync('/usr/bin/dpkg-query'))('is what dpkg itself says, on this host (needs dpkg)', async () => {
    for (const name of ['libc6', 'bash', 'coreutils']) {
      const said = execFileSync('/usr/bin/dpkg-query', ['--show', '--showformat=${Version}', name], { encoding: 'utf8' });
      expect(await told(name, '/')).toBe(upstreamVersion(said));
    }
  });
});
