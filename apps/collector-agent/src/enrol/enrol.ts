import { access, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { loadHostSettings, loadProfiles } from '@mailwarden/config';
import type { EnrolmentToken } from '@mailwarden/contracts';
import { tokenFromText } from '@mailwarden/identity/enrolment';
import { productsOnHost } from '@mailwarden/inventory-fs';
import { parseProfileId, parseServerName, type ProfileId, type ServerName } from '@mailwarden/kernel';
import { askOnce, type Enrolled } from './ask.js';
import { EnrolmentFailure } from './enrolment-failure.js';
import { ownKeys } from './own-keys.js';
import { placesOf } from './places.js';
import { writeSettings } from './write-settings.js';

export interface EnrolOptions {
  /** Address of the bus; null for those that the token names. */
  readonly url: string | null;
  readonly token: string;
  /** Null for the host's own name. */
  readonly name: string | null;
  readonly root: string;
  readonly profiles: readonly string[];
  readonly dir: string;
  readonly state: string;
  readonly waitSeconds: number;
  readonly say: (line: string) => void;
}

const ASK_AGAIN_MS = 5_000;
const URL = /^tls:\/\/[^\s/]+:\d{1,5}$/;

function readToken(text: string): EnrolmentToken {
  try {
    return tokenFromText(text);
  } catch (cause) {
    throw new EnrolmentFailure(cause instanceof Error ? cause.message : 'this is no enrolment token', 'nothing was sent or written');
  }
}

/** A token that ran out is not sent: the broker would only say that it does not know it. */
function stillCounts(token: EnrolmentToken): EnrolmentToken {
  if (Date.parse(token.expiresAt) <= Date.now()) throw new EnrolmentFailure(`this token ran out at ${token.expiresAt}`, 'have a new one made with: mailwarden enrol token; or set the clock of this server');
  return token;
}

function chosenName(name: string | null): ServerName {
  const wanted = name ?? hostname().toLowerCase().split('.')[0] ?? '';
  const parsed = parseServerName(wanted);
  if (!parsed.ok) throw new EnrolmentFailure(`${JSON.stringify(wanted.slice(0, 80))} cannot be the name of a server: 1 to 63 characters of a-z, 0-9 and "-"`, 'name one with --name, as mx-3');
  return parsed.value;
}

async function chosenProfiles(root: string, named: readonly string[]): Promise<ProfileId[]> {
  const known = await loadProfiles({});
  if (named.length === 0) return (await productsOnHost({ root, hostSettings: await loadHostSettings(root), profiles: [...known.values()] })).map(({ id }) => id);
  return named.map((id) => {
    const parsed = parseProfileId(id);
    if (!parsed.ok || !known.has(parsed.value)) throw new EnrolmentFailure(`no profile is called ${id}`, 'see: mailwarden profile list');
    return parsed.value;
  });
}

async function untilAnswered(ask: () => ReturnType<typeof askOnce>, waitSeconds: number, say: EnrolOptions['say']): Promise<Enrolled> {
  let told = false;
  for (const until = Date.now() + waitSeconds * 1_000; ; ) {
    const asked = await ask();
    if (asked.state === 'enrolled') return asked;
    if (asked.state === 'refused') throw new EnrolmentFailure(`the control plane refused: ${asked.detail}`, `reason ${asked.code}; nothing of this server was changed`);
    if (!told) say(`Waits: ${asked.detail}`);
    told = true;
    if (Date.now() + ASK_AGAIN_MS > until) throw new EnrolmentFailure('nobody has agreed yet', 'run the same command again later: it goes on with the same keys');
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

/** Makes this host a server of the fleet: keys of its own, a credential that speaks for it alone, and settings to start with. Errors: `EnrolmentFailure`. */
export async function enrol(options: EnrolOptions): Promise<{ readonly server: string; readonly settings: string }> {
  const token = stillCounts(readToken(options.token));
  if (options.url !== null && !URL.test(options.url)) throw new EnrolmentFailure(`${options.url} is no address of a bus`, 'write it as tls://host:port; without it, the token’s own addresses are used');
  const server = chosenName(options.name);
  const places = placesOf(options.dir, options.state);
  if (await exists(places.agentSettings)) throw new EnrolmentFailure(`this host is enrolled already, as ${await enrolledAs(places.agentSettings)}: ${places.agentSettings}`, 'to enrol it anew, stop its agent, move that folder and its state away, and use a token with --replaces');
  const profiles = await chosenProfiles(options.root, options.profiles);
  const keys = await ownKeys(places);
  options.say(`Keys of this server are in ${options.dir}; they stay here`);
  const urls = options.url === null ? token.urls : [options.url];
  const enrolled = await untilAnswered(() => askOnce(token, urls, server, profiles, keys), options.waitSeconds, options.say);
  await writeSettings(places, options.url === null ? enrolled : { ...enrolled, urls: [options.url] }, { root: options.root, trust: token.trust, keys });
  return { server, settings: places.agentSettings };
}

const exists = (file: string): Promise<boolean> => access(file).then(() => true, () => false);

async function enrolledAs(file: string): Promise<string> {
  try {
    return String((JSON.parse(await readFile(file, 'utf8')) as { server?: unknown }).server);
  } catch {
    return 'nobody can tell whom';
  }
}
