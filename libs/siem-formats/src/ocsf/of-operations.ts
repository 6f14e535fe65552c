import type { AnyEventData, EventName } from '@mailwarden/contracts';
import { PRODUCT_NAME, PRODUCT_VERSION } from '../product.js';
import { textOf } from '../told-event.js';
import { FAILURE, OCSF_CLASSES, otherActivity, SUCCESS, type ClassPart } from './ocsf-class.js';
import { isEntityEvent, type EntityEvent } from './of-entities.js';
import { isFindingEvent, type FindingEvent } from './of-findings.js';

const ROTATE = { id: 5, name: 'Rotate' } as const;
const LOGON = { id: 1, name: 'Logon' } as const;
const GENERAL_ERROR = { id: 1, name: 'General Error' } as const;
/** A log of an application, and not of an operating system. */
const APPLICATION_LOG = { log_type: 'Application', log_type_id: 2 } as const;
const OTHER_ID = 99;
const USER_TYPE = { type: 'User', type_id: 1 } as const;
const WELL_ENDED: ReadonlySet<unknown> = new Set(['completed', 'nothing-to-do']);

const rotated = (data: AnyEventData): ClassPart => {
  const outcome = textOf(data, 'outcome') ?? 'unknown';
  return {
    of: OCSF_CLASSES.eventLogActivity,
    activity: ROTATE,
    correlation: textOf(data, 'order'),
    status: { ...(WELL_ENDED.has(outcome) ? SUCCESS : FAILURE), detail: outcome },
    attributes: { ...APPLICATION_LOG, log_name: textOf(data, 'store') ?? 'store', actor: { app_name: 'rotation-executor' } },
  };
};

const proved = (data: AnyEventData): ClassPart => ({
  of: OCSF_CLASSES.eventLogActivity,
  activity: otherActivity('Prove'),
  correlation: textOf(data, 'order'),
  status: SUCCESS,
  attributes: { ...APPLICATION_LOG, log_name: textOf(data, 'store') ?? 'store', actor: { app_name: 'collector-agent' } },
});

const checkpoint = (): ClassPart => ({
  of: OCSF_CLASSES.eventLogActivity,
  activity: otherActivity('Checkpoint'),
  status: SUCCESS,
  attributes: { ...APPLICATION_LOG, log_name: 'evidence ledger', log_provider: PRODUCT_NAME },
});

const ofAgent = (activity: string): ClassPart => ({
  of: OCSF_CLASSES.applicationLifecycle,
  activity: otherActivity(activity),
  attributes: { app: { name: 'collector-agent', vendor_name: PRODUCT_NAME, version: PRODUCT_VERSION } },
});

/** Privacy: `operator` is a keyed hash of the name. */
const signedIn = (data: AnyEventData): ClassPart => {
  const means = textOf(data, 'means');
  return {
    of: OCSF_CLASSES.authentication,
    activity: LOGON,
    status: SUCCESS,
    attributes: { user: { uid: textOf(data, 'operator') ?? 'unknown', ...USER_TYPE }, service: { name: `${PRODUCT_NAME} console` }, ...(means === undefined ? {} : { auth_protocol: means, auth_protocol_id: OTHER_ID }) },
  };
};

const rejected = (data: AnyEventData): ClassPart => {
  const reason = textOf(data, 'reason');
  return { of: OCSF_CLASSES.applicationError, activity: GENERAL_ERROR, status: reason === undefined ? FAILURE : { ...FAILURE, detail: reason }, attributes: {} };
};

type OperationEvent = Exclude<EventName, FindingEvent | EntityEvent>;
/** Every event that is neither a finding nor about a managed thing: a new one does not compile before it is mapped. */
const OPERATIONS: Readonly<Record<OperationEvent, (data: AnyEventData) => ClassPart>> = {
  'rotation.completed': rotated,
  'rotation.proved': proved,
  'ledger.checkpoint': checkpoint,
  'agent.silent': () => ofAgent('Silent'),
  'agent.returned': () => ofAgent('Returned'),
  'operator.signed-in': signedIn,
  'message.rejected': rejected,
};

/** What the service does and sees. Shape: for events that `findingPart` and `entityPart` do not take. */
export function operationPart(data: AnyEventData): ClassPart {
  const { event } = data;
  if (isFindingEvent(event) || isEntityEvent(event)) throw new Error(`${event} has a mapping of its own`);
  return OPERATIONS[event](data);
}
