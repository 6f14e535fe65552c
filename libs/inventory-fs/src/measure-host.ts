import { licenceState, resolveVariables, type Agreement, type Flow, type HostSettings, type Profile, type Reading } from '@mailwarden/catalogue';
import type { AgreementObservation, FlowObservation, KsnState, Observation, PassedOverSetting } from '@mailwarden/contracts';
import { epochMsOf, instantOf, known, parseInstant, unknown, type Instant, type Measured, type ServerName, type Sha256 } from '@mailwarden/kernel';
import { capabilityHolders } from './access/capability-holders.js';
import { readAccounts, withHost, type Host } from './host.js';
import { kernelFacts, withKernelFacts } from './kernel/observe-kernel.js';
import { observeStore, shownName, type ScanContext } from './observe-store.js';
import { readReading } from './probe/read-probe.js';
import { whyNotNamed } from './probe/setting-writer.js';
import { ruleFacts, withRules } from './rules/observe-rules.js';
import { openMemory, concludeScan } from './memory/remembering-scan.js';
import { withHistory } from './memory/scan-history.js';
import type { MemoryTerms } from './memory/host-memory.js';
import { FULL_SPEED, type PaceSettings } from './pace/pace.js';
import { walkStores } from './store-walk.js';

const VERSION_MAX = 60;
const SETTING_NAME_MAX = 100;
const SETTING_SOURCE_MAX = 200;
/** The last moment that can be written. Units: milliseconds since 1970. */
const LATEST_MS = 253_402_300_799_999;
const SHA256 = /^[0-9a-f]{64}$/;
const NO_READING = unknown('the profile has no probe for it');
const read = (host: Host, reading: Reading | null): Promise<Measured<string>> => (reading === null ? Promise.resolve(NO_READING) : readReading(host, reading));

/** The profile with its variables filled in by what this host's settings say, as far as whoever wrote them may say it; and what of that did not count. */
async function resolved(host: Host, profile: Profile): Promise<{ readonly profile: Profile; readonly passedOver: readonly PassedOverSetting[] }> {
  const values: Record<string, string> = {};
  const passedOver: PassedOverSetting[] = [];
  for (const [name, variable] of Object.entries(profile.variables)) {
    const value = await read(host, variable.reading);
    if (!value.known || variable.reading === null) continue;
    const why = whyNotNamed(host, profile, variable.reading, value.value);
    if (why === null) values[name] = value.value;
    // Where it names the place that counts anyway, nothing comes of it.
    else if (value.value.replace(/\/+$/, '') !== variable.default) passedOver.push({ setting: name.slice(0, SETTING_NAME_MAX), source: (value.source ?? 'its settings').slice(0, SETTING_SOURCE_MAX), why });
  }
  return { profile: resolveVariables(profile, values), passedOver };
}

/** The profile with its variables filled in by what this host's settings say, as far as whoever wrote them may say it. */
export const resolveOnHost = async (host: Host, profile: Profile): Promise<Profile> => (await resolved(host, profile)).profile;

function instantFrom(text: Measured<string>): Measured<Instant> {
  if (!text.known) return text;
  const parsed = parseInstant(text.value);
  if (parsed.ok) return known(parsed.value, text.source);
  const ms = Date.parse(text.value);
  return ms >= 0 && ms <= LATEST_MS ? known(instantOf(ms), text.source) : unknown('the value is not a moment');
}

async function productVersion(host: Host, profile: Profile): Promise<Measured<string>> {
  const version = await read(host, profile.version);
  return version.known ? known(version.value.slice(0, VERSION_MAX), version.source) : version;
}

async function observeAgreement(host: Host, agreement: Agreement): Promise<AgreementObservation> {
  const text = await read(host, agreement.text);
  const accepted = await read(host, agreement.accepted);
  const version = await read(host, agreement.acceptedVersion);
  const answerFile = await read(host, agreement.answerFile);
  return {
    id: agreement.id,
    textSha256: !text.known ? text : SHA256.test(text.value) ? known(text.value as Sha256, text.source) : unknown('what the profile reads is no hash of a text'),
    recorded: accepted.known ? known({ accepted: accepted.value === 'yes', version: version.known ? version.value.slice(0, 128) : null, byAnswerFile: answerFile.known && answerFile.value === 'yes' }, accepted.source) : accepted,
  };
}

async function observeFlow(host: Host, flow: Flow): Promise<FlowObservation> {
  const enabled = await read(host, flow.enabled);
  const notLooked = unknown(flow.endpoints === null ? 'the vendor names no endpoints for it' : 'the network of this host was not looked at');
  return { id: flow.id, configured: enabled.known ? known(enabled.value === 'yes', enabled.source) : enabled, possible: notLooked, observed: notLooked };
}

async function observeKsn(host: Host, profile: Profile): Promise<Measured<KsnState>> {
  if (profile.ksn === null) return unknown('the product has no such network');
  const mode = await readReading(host, profile.ksn.reading);
  if (!mode.known) return mode;
  const state = Object.hasOwn(profile.ksn.states, mode.value) ? profile.ksn.states[mode.value] : undefined;
  return state === undefined ? unknown(`the mode "${mode.value.slice(0, 60)}" is not known`) : known(state, mode.source);
}

/** What the host itself shows, and the profile's own switches; a switch that says nothing leaves the host's word. */
async function observeSettings(host: Host, profile: Profile, ofKernel: Observation['settings']): Promise<Observation['settings']> {
  const settings = { ...ofKernel };
  for (const [name, { reading }] of Object.entries(profile.switches)) {
    const value = await readReading(host, reading);
    if (value.known || settings[name]?.known !== true) settings[name] = value;
  }
  return settings;
}

async function observeLicence(host: Host, { licence }: Profile, nowMs: number): Promise<Observation['licence']> {
  const status = await read(host, licence.status);
  if (!status.known) return status;
  const [kind, expiresAt] = [await read(host, licence.kind), instantFrom(await read(host, licence.expiresAt))];
  const state = licenceState(licence.states, { status: status.value, kind: kind.known ? kind.value : null, expiresAtMs: expiresAt.known ? epochMsOf(expiresAt.value) : null }, nowMs);
  return known({ status: state.slice(0, 60), kind: kind.known ? kind.value.slice(0, 60) : 'not stated', expiresAt: expiresAt.known ? expiresAt.value : null }, status.source);
}

/**
 * Measures one host by one profile, once: stores, settings, agreements, flows. Reads only.
 * Privacy: names of persons leave as keyed hashes when `hashKey` is given; no file name and no path below a store leaves at all.
 * Errors: throws when the host's root cannot be opened; everything else that cannot be read is unknown, with its reason.
 */
export async function measureHost(parts: {
  root: string;
  profile: Profile;
  hostSettings: HostSettings;
  server: ServerName;
  hashKey: Uint8Array | null;
  bundleVersion: number | null;
  afterOrder: string | null;
  now: () => number;
  /** How fast the scan may go; as fast as it can where nothing is said. */
  pace?: PaceSettings;
  /** Threads that walk: 1 or 2; 0 for none, where a host is so small that a thread costs more. */
  threads?: number;
  /** Where memory of earlier scans is kept, and how far it is trusted; null or absent for none. */
  memory?: MemoryTerms | null;
  /** Whether lists of finer rights are read. Default: yes. */
  readAcls?: boolean;
  /** Storage that does not answer for this long makes its stores unknown, and the others are still measured. Units: milliseconds. */
  stallMs?: number;
}): Promise<Observation> {
  const startedMs = parts.now();
  return withHost(parts.root, parts.hostSettings, async (host) => {
    const { profile, passedOver } = await resolved(host, parts.profile);
    const serviceStarted = instantFrom(await read(host, profile.serviceStart));
    const { pace = FULL_SPEED, readAcls = true, threads, stallMs } = parts;
    const memory = openMemory(parts.memory ?? null, { root: parts.root, profile, readAcls }, startedMs);
    const walked = await walkStores(host, profile.stores, serviceStarted.known ? epochMsOf(serviceStarted.value) : null, { nowMs: startedMs, pace, readAcls, memory, ...(threads === undefined ? {} : { threads }), ...(stallMs === undefined ? {} : { stallMs }) });
    const context: ScanContext = { host, accounts: readAccounts(host), profileAccounts: [profile.accounts.service, 'root'], hashKey: parts.hashKey, serviceStarted, holders: capabilityHolders(host) };
    const kernel = await kernelFacts({ host, profile, accounts: context.accounts, shownName: shownName(context) });
    const rules = await ruleFacts(host, profile);
    const stores: Observation['stores'] = [];
    for (const item of walked.stores) stores.push(withHistory(withRules(withKernelFacts(await observeStore(context, walked, item), item.store, kernel, startedMs), item.store, rules), memory, startedMs));
    const observation: Omit<Observation, 'durationMs'> = {
      schema: 'mailwarden/observation/v1',
      server: parts.server,
      profile: profile.id,
      product: { name: profile.product.name, version: await productVersion(host, profile) },
      startedAt: instantOf(startedMs),
      serviceStartedAt: serviceStarted,
      stores,
      settingsPassedOver: [...passedOver],
      settings: await observeSettings(host, profile, kernel.settings),
      ksn: await observeKsn(host, profile),
      agreements: await Promise.all(profile.agreements.map((agreement) => observeAgreement(host, agreement))),
      flows: await Promise.all(profile.flows.map((flow) => observeFlow(host, flow))),
      licence: await observeLicence(host, profile, startedMs),
      effort: await concludeScan(walked, stores, memory, startedMs),
      afterOrder: parts.afterOrder,
      bundleVersion: parts.bundleVersion,
    };
    return { ...observation, durationMs: Math.max(0, Math.round(parts.now() - startedMs)) };
  });
}
