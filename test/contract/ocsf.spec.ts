import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT_NAMES, FINDING_CODES, OCSF_TYPE, subjects, type AnyEventData, type Envelope, type EventName } from '@mailwarden/contracts';
import { OCSF_CLASSES, ocsfBeside, ocsfOf, OCSF_VERSION, type ToldEvent } from '@mailwarden/siem-formats';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const jsonOf = <T>(path: string): T => JSON.parse(readFileSync(join(import.meta.dirname, path), 'utf8')) as T;

const published = jsonOf<{ $id?: string; $defs: Record<string, { required?: string[] }> }>('ocsf-1.8.0.schema.json');
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema({ ...published, $id: 'ocsf' });
const validatorOf = (uid: number): ValidateFunction => {
  const found = ajv.getSchema(`ocsf#/$defs/class_${uid}`);
  if (found === undefined) throw new Error(`the schema has no class ${uid}; name it in scripts/ocsf/resolve-schema.ts`);
  return found;
};
const problemsOf = (event: { readonly class_uid: number } & Readonly<Record<string, unknown>>): string[] => {
  const validate = validatorOf(event.class_uid);
  return validate(event) ? [] : (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`);
};

const sampleOf = (name: EventName): ToldEvent => {
  const { id, source, sequence, data } = jsonOf<Envelope<AnyEventData>>(`golden/event-${name}.v1.json`);
  return { id, source, sequence, data };
};
const withDetail = (told: ToldEvent, detail: Record<string, unknown>): ToldEvent => ({ ...told, data: { ...told.data, detail: { ...told.data.detail, ...detail } } });

/** Class and activity of each sample. */
const EXPECTED: Readonly<Record<EventName, readonly [classUid: number, activityId: number]>> = {
  'finding.opened': [2006, 1],
  'finding.updated': [2006, 2],
  'finding.resolved': [2003, 3],
  'rotation.ordered': [3004, 1],
  'rotation.completed': [1008, 5],
  'rotation.proved': [1008, 99],
  'rotation.expired': [3004, 11],
  'rotation.marked': [3004, 3],
  'rotation.released': [3004, 4],
  'rotation.asked': [3004, 1],
  'rotation.answered': [3004, 10],
  'rollout.advanced': [3004, 3],
  'rollout.stopped': [3004, 12],
  'rollout.resumed': [3004, 13],
  'policy.applied': [3004, 10],
  'policy.withdrawn': [3004, 11],
  'consent.decided': [3004, 9],
  'consent.proposed': [3004, 1],
  'consent.answered': [3004, 10],
  'consent.converged': [3004, 3],
  'server.enrolled': [3004, 1],
  'server.waiting': [3004, 1],
  'server.refused': [3004, 11],
  'server.removed': [3004, 4],
  'agent.silent': [6002, 99],
  'agent.returned': [6002, 99],
  'ledger.checkpoint': [1008, 99],
  'operator.signed-in': [3002, 1],
  'message.rejected': [6008, 1],
  'message.replayed': [3004, 13],
  'message.discarded': [3004, 4],
};

describe.each(EVENT_NAMES)('%s in OCSF', (name) => {
  const told = sampleOf(name);
  const event = ocsfOf(told);

  it('is what the published schema wants of its class', () => {
    expect(problemsOf(event)).toEqual([]);
  });

  it('has the class and activity of the table, its own id and number, and the version of the schema', () => {
    expect([event.class_uid, event.activity_id]).toEqual(EXPECTED[name]);
    expect(event.type_uid).toBe(event.class_uid * 100 + event.activity_id);
    expect(event.metadata).toMatchObject({ version: OCSF_VERSION, uid: told.id, event_code: name, sequence: told.sequence, product: { name: 'Mailwarden' } });
    expect(event.time).toBe(Date.parse(told.data.at));
  });

  it('is refused by the schema without any attribute that it requires, or with one that it does not know', () => {
    const required = published.$defs[`class_${event.class_uid}`]?.required ?? [];
    expect(required).toEqual(expect.arrayContaining(['activity_id', 'category_uid', 'class_uid', 'type_uid', 'time', 'severity_id', 'metadata']));
    const validate = validatorOf(event.class_uid);
    for (const attribute of required) expect(validate(Object.fromEntries(Object.entries(event).filter(([key]) => key !== attribute))), attribute).toBe(false);
    expect(problemsOf({ ...event, anything: 1 })).toHaveLength(1);
    expect(problemsOf({ ...event, metadata: { ...event.metadata, product: undefined } })).not.toEqual([]);
    expect(problemsOf({ ...event, type_uid: event.type_uid + 1_000 })).not.toEqual([]);
  });

  it('is the same that was released', () => {
    expect(event).toEqual(jsonOf<Record<string, unknown>>('ocsf-samples.json')[name]);
  });

  it('travels on its own subject beside the event, under the same id', () => {
    const subject = subjects.event(name, told.data.severity, told.data.server);
    const beside = ocsfBeside({ ...told, subject });
    expect(beside).toEqual({ id: told.id, type: OCSF_TYPE, subject: `mw.ocsf.${event.class_uid}.${told.data.severity}.${told.data.server}`, data: event });
  });
});

/** Findings about data that is kept too long, too openly or where nobody knows of it. */
const ABOUT_DATA = new Set<string>(['over-limit', 'over-age', 'held-over-limit', 'access-too-wide', 'parent-folder-open', 'leftover-files', 'deleted-but-open', 'orphaned-halves', 'dump-present', 'memory-exposed', 'log-elsewhere', 'undeclared-data', 'flow-plaintext']);

describe('OCSF', () => {
  it.each(FINDING_CODES)('takes a finding %s in each of its states', (code) => {
    for (const name of ['finding.opened', 'finding.updated', 'finding.resolved'] as const) {
      const event = ocsfOf(withDetail(sampleOf(name), { code }));
      expect(problemsOf(event)).toEqual([]);
      expect(event.class_uid).toBe(ABOUT_DATA.has(code) ? 2006 : 2003);
    }
  });

  it.each([
    ['consent.decided', { action: 'grant' }, 8],
    ['consent.decided', { action: 'decline' }, 9],
    ['consent.answered', { answer: 'rejected' }, 11],
    ['rotation.answered', { answer: 'lapsed' }, 11],
    ['rotation.completed', { outcome: 'refused' }, 5],
  ] as const)('tells how %s ended: %j', (name, detail, activity) => {
    const event = ocsfOf(withDetail(sampleOf(name), detail));
    expect(problemsOf(event)).toEqual([]);
    expect(event.activity_id).toBe(activity);
  });

  it('has every class that is used', () => {
    expect(new Set(EVENT_NAMES.map((name) => EXPECTED[name][0])).size).toBe(Object.keys(OCSF_CLASSES).length);
  });

  it('is made of any detail that an event of a later version may bring, and is right', () => {
    const told = fc.record({ name: fc.constantFrom(...EVENT_NAMES), detail: fc.dictionary(fc.constantFrom('store', 'policy', 'message', 'reason', 'answer', 'order', 'code', 'x'), fc.jsonValue()), server: fc.constantFrom('fleet', 'mx-1') });
    fc.assert(
      fc.property(told, ({ name, detail, server }) => {
        const sample = sampleOf(name);
        const event = ocsfOf({ ...sample, data: { ...sample.data, server, detail } });
        expect(problemsOf(event)).toEqual([]);
      }),
    );
  });

  it('travels beside events and nothing else, and holds nothing up that it does not know', () => {
    const told = sampleOf('agent.silent');
    expect(ocsfBeside({ ...told, subject: 'mw.evidence.reporting' })).toBeNull();
    expect(ocsfBeside({ ...told, subject: 'mw.event.agent.unheard-of.high.mx-1', data: { ...told.data, event: 'agent.unheard-of' } })).toBeNull();
  });
});
