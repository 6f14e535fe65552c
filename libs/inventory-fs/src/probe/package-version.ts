import { existsSync, readSync, type Stats } from 'node:fs';
import { err, known, ok, unknown, type Measured, type Result } from '@mailwarden/kernel';
import { NO_SUCH_FILE, withHostFile, type Host } from '../host.js';
import { runCommand } from './run-command.js';

const STATUS_FILE = '/var/lib/dpkg/status';
/** Images without a package manager keep one file for each package. */
const STATUS_FOLDER = '/var/lib/dpkg/status.d';
/** Twenty times what a large server has; a longer file is none of dpkg's. Units: bytes. */
const STATUS_BYTES_MAX = 128 * 1024 * 1024;
const CHUNK_BYTES = 262_144;
/** A paragraph that does not end is none. Units: characters. */
const PARAGRAPH_LENGTH_MAX = 1024 * 1024;
const RPM = ['/usr/bin/rpm', '/bin/rpm'] as const;
const RPM_SECONDS_MAX = 10;
/** Places of the records of rpm, old and new. */
const RPM_RECORDS = ['/var/lib/rpm/rpmdb.sqlite', '/usr/lib/sysimage/rpm/rpmdb.sqlite', '/var/lib/rpm/Packages'] as const;
const NOT_INSTALLED = 'the package is not installed';

/** What a distribution adds to the version of what it packs. Source: Debian policy 5.6.12; Debian developer's reference 5.11. */
const REPACKED = /[+~.-](?:dfsg|ds\d|repack|debian|deb\d|ubuntu|really|git\d|nmu).*$/;

/** Version of the product itself: without the epoch, the distribution's revision and what it says of its own packing. */
export function upstreamVersion(version: string): string {
  const withoutEpoch = version.replace(/^\d+:/, '');
  const revision = withoutEpoch.lastIndexOf('-');
  return (revision < 1 ? withoutEpoch : withoutEpoch.slice(0, revision)).replace(REPACKED, '');
}

const field = (paragraph: string, name: string): string | undefined => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(paragraph)?.[1]?.trim();

/** Version in a paragraph of dpkg; undefined where it is of another package, or of one that is not there any more. */
function versionIn(paragraph: string, name: string): string | undefined {
  if (field(paragraph, 'Package') !== name) return undefined;
  const status = field(paragraph, 'Status');
  return status === undefined || status.split(/\s+/).at(-1) === 'installed' ? field(paragraph, 'Version') : undefined;
}

/** Reads an open file of paragraphs from its beginning until one has the version. */
function versionFrom(fd: number, { size }: Pick<Stats, 'size'>, name: string): Result<string, string> {
  if (size > STATUS_BYTES_MAX) return err(`the records of dpkg have ${size} bytes, more than ${STATUS_BYTES_MAX}`);
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let text = '';
  for (let left = size; left > 0; ) {
    const read = readSync(fd, buffer, 0, Math.min(left, CHUNK_BYTES), null);
    if (read === 0) break;
    left -= read;
    text += buffer.toString('latin1', 0, read);
    const paragraphs = text.split('\n\n');
    text = paragraphs.pop() ?? '';
    if (text.length > PARAGRAPH_LENGTH_MAX) return err('the records of dpkg are damaged');
    for (const paragraph of paragraphs) {
      const version = versionIn(paragraph, name);
      if (version !== undefined) return ok(version);
    }
  }
  const version = versionIn(text, name);
  return version === undefined ? err(NOT_INSTALLED) : ok(version);
}

async function fromRpm(host: Host, name: string): Promise<Measured<string>> {
  if (host.rootPath !== '/') return unknown('its packages are those of rpm, which tells of the host that it runs on alone');
  const program = RPM.find((path) => existsSync(path));
  if (program === undefined) return unknown('its packages are those of rpm, which is not installed here');
  const answer = await runCommand([program, '--query', '--queryformat', '%{VERSION}\\n', '--', name], RPM_SECONDS_MAX);
  const version = answer.known ? (answer.value.split('\n', 1)[0] ?? '').trim() : '';
  return version === '' ? unknown(answer.known ? NOT_INSTALLED : answer.reason) : known(version, `rpm, ${name}`);
}

/** Version of an installed package, from the records of dpkg below the host's root, or of rpm where the host has those. */
export async function packageVersion(host: Host, name: string): Promise<Measured<string>> {
  let why: string | null = null;
  for (const file of [STATUS_FILE, `${STATUS_FOLDER}/${name}`]) {
    const version = withHostFile(host, file, (fd, stat) => versionFrom(fd, stat, name));
    if (version.ok) return known(upstreamVersion(version.value), `dpkg, ${name} ${version.value}`);
    if (version.error !== NO_SUCH_FILE && version.error !== NOT_INSTALLED) return unknown(`${file}: ${version.error}`);
    if (version.error === NOT_INSTALLED) why = NOT_INSTALLED;
  }
  const hasRpm = RPM_RECORDS.some((file) => withHostFile(host, file, () => ok(true)).ok);
  if (hasRpm) return fromRpm(host, name);
  return unknown(why ?? 'this host has no records of dpkg or rpm');
}
