import type { AnyEventData } from '@mailwarden/contracts';
import { epochMsOf, type Severity } from '@mailwarden/kernel';
import { PRODUCT_NAME, PRODUCT_VERSION } from '../product.js';
import { FLEET, summaryOf, textOf, type ToldEvent } from '../told-event.js';
import { OCSF_VERSION, type ClassPart } from './ocsf-class.js';
import { entityPart, isEntityEvent } from './of-entities.js';
import { findingPart, isFindingEvent } from './of-findings.js';
import { operationPart } from './of-operations.js';

/** An event in OCSF: the attributes that every class requires, and those of its own. Units: `time` is milliseconds since 1970. */
export interface OcsfEvent {
  readonly activity_id: number;
  readonly category_uid: number;
  readonly class_uid: number;
  readonly type_uid: number;
  readonly time: number;
  readonly severity_id: number;
  readonly metadata: { readonly version: string; readonly uid: string } & Readonly<Record<string, unknown>>;
  readonly [attribute: string]: unknown;
}

const SEVERITIES: Readonly<Record<Severity, { id: number; name: string }>> = {
  info: { id: 1, name: 'Informational' },
  low: { id: 2, name: 'Low' },
  medium: { id: 3, name: 'Medium' },
  high: { id: 4, name: 'High' },
  critical: { id: 5, name: 'Critical' },
};

/** `type_uid` leaves this much room for activities. */
const ACTIVITIES_PER_CLASS = 100;
const SERVER_TYPE = { type: 'Server', type_id: 1 } as const;
const HOSTNAME = { type: 'Hostname', type_id: 1 } as const;
const RESOURCE_UID = { type: 'Resource UID', type_id: 10 } as const;

function partOf(data: AnyEventData): ClassPart {
  if (isFindingEvent(data.event)) return findingPart(data, data.event);
  if (isEntityEvent(data.event)) return entityPart(data, data.event);
  return operationPart(data);
}

/** What others may search by. Privacy: names of servers and stores, never of persons or files. */
function observablesOf(data: AnyEventData): object[] {
  if (data.server === FLEET) return [];
  const store = textOf(data, 'store');
  return [
    { name: 'device.hostname', ...HOSTNAME, value: data.server },
    ...(store !== undefined && isFindingEvent(data.event) ? [{ name: 'resources.uid', ...RESOURCE_UID, value: `${data.server}/${store}` }] : []),
  ];
}

function metadataOf({ id, source, sequence, data }: ToldEvent, { of, correlation }: ClassPart): OcsfEvent['metadata'] {
  return {
    version: OCSF_VERSION,
    product: { name: PRODUCT_NAME, vendor_name: PRODUCT_NAME, version: PRODUCT_VERSION },
    uid: id,
    event_code: data.event,
    source,
    sequence,
    original_time: data.at,
    ...(correlation === undefined ? {} : { correlation_uid: correlation }),
    ...(of.hasDevice || data.server === FLEET ? {} : { profiles: ['host'] }),
  };
}

/**
 * One of our events in OCSF 1.8.0, under its own id: the same event gives the same result, byte for byte.
 * What the schema has no attribute for stands in `unmapped`, as our own schema has it.
 */
export function ocsfOf(told: ToldEvent): OcsfEvent {
  const { data } = told;
  const part = partOf(data);
  const { of, activity, status } = part;
  const severity = SEVERITIES[data.severity];
  const observables = observablesOf(data);
  return {
    activity_id: activity.id,
    activity_name: activity.name,
    category_uid: of.category.uid,
    category_name: of.category.name,
    class_uid: of.uid,
    class_name: of.name,
    type_uid: of.uid * ACTIVITIES_PER_CLASS + activity.id,
    type_name: `${of.name}: ${activity.name}`,
    time: epochMsOf(data.at),
    timezone_offset: 0,
    severity_id: severity.id,
    severity: severity.name,
    message: summaryOf(data),
    metadata: metadataOf(told, part),
    ...(status === undefined ? {} : { status_id: status.id, status: status.name, ...(status.detail === undefined ? {} : { status_detail: status.detail }) }),
    ...(data.server === FLEET ? {} : { device: { hostname: data.server, name: data.server, ...SERVER_TYPE } }),
    ...(observables.length === 0 ? {} : { observables }),
    ...part.attributes,
    unmapped: { event: data.event, server: data.server, detail: data.detail },
  };
}
