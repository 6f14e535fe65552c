import { readFileSync } from 'node:fs';
import { parseProfile, type Profile } from '@mailwarden/catalogue';
import { instantOf, type ServerName } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { bundleFor } from './bundle.js';
import { parsePolicies } from './parse-policies.js';

const profile = ((): Profile => {
  const parsed = parseProfile(readFileSync(new URL('../../catalogue/profiles/kaspersky-klms-8.yaml', import.meta.url), 'utf8'));
  if (!parsed.ok) throw new Error('the shipped profile must parse');
  return parsed.value;
})();

const CAP = `schema: mailwarden/policy/v1
kind: retention
name: backup-cap
reason: Storage limitation
servers: { role: mx }
except: [ { canary: "true" } ]
stores: [ kaspersky-klms-8/backup, "*/configuration" ]
mode: enforce
limits: { bytes: 1 GiB, age: 90 days }
target: 80 %
keep: { newest: 10, younger-than: 1 hour }
`;
const HOLD = `---
schema: mailwarden/policy/v1
kind: hold
name: case-7
reason: Open case
stores: [ "*/backup" ]
`;
const bundle = (text: string, labels: Record<string, string>) => {
  const policies = parsePolicies(text);
  if (!policies.ok) throw new Error(JSON.stringify(policies.error));
  return bundleFor({ server: 'mx-1' as ServerName, labels, profiles: [profile], policies: policies.value, version: 3, issuedAt: instantOf(0), expiresAt: instantOf(1) });
};

const telemetry = (name: string, lines: string): string => `schema: mailwarden/policy/v1\nkind: telemetry\nname: ${name}\nreason: A test\n${lines}\n`;

describe('policy as code', () => {
  it('becomes exact numbers for the servers that it selects', () => {
    const [rule] = bundle(CAP, { role: 'mx' }).rules;
    expect(rule).toMatchObject({ store: 'backup', mode: 'enforce', keep: { newest: 10, youngerThanSeconds: 3600 }, written: { bytes: '1 GiB', age: '90 days' } });
    expect(rule?.watermarks).toEqual([
      { kind: 'bytes', limit: 2 ** 30, target: Math.floor(2 ** 30 * 0.8) },
      { kind: 'age', limit: 7_776_000, target: 6_220_800 },
    ]);
  });
  it('tells how often to look and at what cost: of several policies the gentlest cost and the shortest time', () => {
    const both = `${telemetry('a', 'scan-interval: 1 hour\nscan-cpu: 50 %')}---\n${telemetry('b', 'scan-cpu: 7.5\nscan-window: 5 minutes')}`;
    expect(bundle(both, {})).toMatchObject({ scanIntervalSeconds: 3_600, scanCpuPercent: 7.5, scanWindowSeconds: 300 });
  });
  it('leaves the cost of a scan to the agent where it does not say', () => {
    const told = bundle(telemetry('a', 'scan-interval: 1 hour'), {});
    expect(told).not.toHaveProperty('scanCpuPercent');
    expect(told).not.toHaveProperty('scanWindowSeconds');
    expect(bundle(CAP, {}).scanIntervalSeconds).toBe(60);
  });
  it('says nothing about other servers', () => {
    expect(bundle(CAP, { role: 'relay' }).rules).toEqual([]);
    expect(bundle(CAP, { role: 'mx', canary: 'true' }).rules).toEqual([]);
  });
  it('only watches what a profile keeps from deletion', () => {
    expect(bundle(CAP, { role: 'mx' }).rules.find((rule) => rule.store === 'configuration')?.mode).toBe('observe');
  });
  it('carries holds to the stores that they name', () => {
    expect(bundle(CAP + HOLD, { role: 'mx' }).holds).toEqual([{ id: 'case-7', profile: 'kaspersky-klms-8', store: 'backup', from: null, until: null, reason: 'Open case' }]);
  });
  it('has a version that follows what it says, not how it is laid out', () => {
    const versionOf = (text: string) => {
      const parsed = parsePolicies(text);
      return parsed.ok ? parsed.value[0]?.version : undefined;
    };
    expect(versionOf(CAP)).toBe(versionOf(`# a comment\n${CAP}`));
    expect(versionOf(CAP)).not.toBe(versionOf(CAP.replace('1 GiB', '2 GiB')));
  });
  it.each([
    ['a mistyped key', CAP.replace('target:', 'taget:'), /taget/, 10],
    ['a size without unit', CAP.replace('1 GiB', '"1"'), /unit/, 9],
    ['no limit at all', CAP.replace('{ bytes: 1 GiB, age: 90 days }', '{}'), /at least one/, 9],
    ['an unknown kind', CAP.replace('kind: retention', 'kind: retentoin'), /no kind/, 2],
    ['a scan that may take nothing', telemetry('a', 'scan-cpu: 0.5 %'), /at least 1 % of one core/, 5],
    ['a scan that may take more than a core', telemetry('a', 'scan-cpu: 150'), /100/, 5],
    ['a window of days', telemetry('a', 'scan-window: 2 days'), /window lies between/, 5],
    ['a policy about scans that says nothing of them', telemetry('a', ''), /at least one of scan-interval/, 2],
    ['two of one name', `${CAP}---\n${CAP}`, /two policies/, 15],
  ])('%s is told with its line', (_name, text, message, line) => {
    const parsed = parsePolicies(text);
    expect(parsed.ok).toBe(false);
    const [problem] = parsed.ok ? [] : parsed.error;
    expect(problem?.message).toMatch(message);
    expect(problem?.line).toBe(line);
  });
});

describe('what may leave servers', () => {
  const transmission = (lines: string, name = 'follow-consent'): string => `schema: mailwarden/policy/v1\nkind: transmission\nname: ${name}\nreason: A test\nfail-closed: true\n${lines}\n`;
  const rulesOf = (text: string) => bundle(text, {}).transmission.rules ?? [];

  it('is watched for every flow of every profile where nothing else is said', () => {
    expect(rulesOf(transmission(''))).toMatchObject(profile.flows.map(({ id }) => ({ policy: 'follow-consent', profile: profile.id, flow: id, mode: 'observe', failClosed: true, everything: false, endpoints: [], liftedUntil: null })));
    expect(bundle(HOLD, {}).transmission).toEqual({ failClosed: false });
  });

  it('is refused for the flows that are named, where their endpoints are, and let through to relays', () => {
    const text = transmission('mode: enforce\nflows: [ "*/ksn", other/ksn-statistics ]\nendpoints: [ { flow: "*/ksn", host: cloud.example, ports: [ 443 ] }, { flow: "other/ksn", host: 192.0.2.1, ports: [ 1 ] } ]\nrelays: [ 192.0.2.25, "2001:db8::/48" ]\nlift: { until: "2026-12-01T12:00:00.000Z", reason: An outage }');
    expect(rulesOf(text)).toMatchObject([{ flow: 'ksn', mode: 'enforce', endpoints: [{ host: 'cloud.example', ports: [443] }], liftedUntil: '2026-12-01T12:00:00.000Z' }]);
    expect(bundle(text, {}).transmission.relays).toEqual(['192.0.2.25', '2001:db8::/48']);
  });

  it('has rules of each policy, each of which stands alone', () => {
    expect(rulesOf(`${transmission('flows: [ "*/ksn" ]')}---\n${transmission('flows: [ "*/ksn" ]\nmode: enforce', 'second')}`).map(({ policy, mode }) => [policy, mode])).toEqual([['follow-consent', 'observe'], ['second', 'enforce']]);
  });

  it.each([
    ['relays: [ 10.0.0.0/8 ]', /wider than 16 bits/],
    ['relays: [ "::/0" ]', /wider than 16 bits/],
    ['relays: [ mail.example ]', /must be an address or a prefix/],
    ['flows: [ ksn ]', /must be a profile and a flow/],
    ['lift: { until: "2026-12-01T12:00:00.000Z", reason: An outage }', /nothing to lift/],
    ['endpoints: [ { flow: "*/ksn", host: cloud.example, ports: [ 70000 ] } ]', /65535/],
    ['endpoints: [ { flow: "*/ksn", host: "*.cloud.example", ports: [ 443 ] } ]', /name without \*/],
    ['endpoints: [ { flow: "*/ksn", host: "https://cloud.example", ports: [ 443 ] } ]', /name without \*/],
    ['endpoints: [ { flow: "*/ksn", host: 10.0.0.0/4, ports: [ 443 ] } ]', /at least 8 bits/],
    ['endpoints: [ { flow: "*/ksn", host: cloud.example, ports: [ 25 ] } ]', /port of mail/],
    ['relays: [ "::ffff:10.0.0.0/104" ]', /must be an address or a prefix/],
    ['block: true', /block/],
  ])('says what is wrong with %s', (lines, words) => {
    const parsed = parsePolicies(transmission(lines));
    expect(parsed.ok ? '' : parsed.error.map(({ message, advice }) => `${message} ${advice}`).join('\n')).toMatch(words);
  });
});
