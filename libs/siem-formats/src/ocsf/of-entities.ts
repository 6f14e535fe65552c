import type { AnyEventData, EventName } from '@mailwarden/contracts';
import { textOf } from '../told-event.js';
import { FAILURE, OCSF_CLASSES, SUCCESS, type Activity, type ClassPart } from './ocsf-class.js';

/** Activities of the class Entity Management that occur here. */
const CREATE = { id: 1, name: 'Create' } as const;
const UPDATE = { id: 3, name: 'Update' } as const;
const DELETE = { id: 4, name: 'Delete' } as const;
const ENABLE = { id: 8, name: 'Enable' } as const;
const DISABLE = { id: 9, name: 'Disable' } as const;
const ACTIVATE = { id: 10, name: 'Activate' } as const;
const DEACTIVATE = { id: 11, name: 'Deactivate' } as const;
const SUSPEND = { id: 12, name: 'Suspend' } as const;
const RESUME = { id: 13, name: 'Resume' } as const;

/** How an event is one about a managed thing. */
interface Entity {
  readonly kind: string;
  readonly activity: Activity | ((data: AnyEventData) => Activity);
  /** Members of the detail: what tells the thing from others, and what it is called. */
  readonly uid: string;
  readonly name: string;
}

const ORDER = { kind: 'rotation order', uid: 'order', name: 'store' } as const;
const QUESTION = { kind: 'question before a rotation', uid: 'request', name: 'store' } as const;
const POLICY = { kind: 'policy', uid: 'policy', name: 'policy' } as const;
const ROLLOUT = { kind: 'roll-out of a policy', uid: 'policy', name: 'policy' } as const;
const PROPOSAL = { kind: 'proposal of decisions', uid: 'proposal', name: 'proposal' } as const;

/** The server that the event is of. */
const SERVER = { kind: 'server', uid: 'server', name: 'server' } as const;
const NEW_SERVER = 'server that wants to be enrolled';
const DEAD_LETTERS = { kind: 'messages that were put aside', uid: 'consumer', name: 'consumer' } as const;

const byAnswer = ({ detail }: AnyEventData): Activity => (detail['answer'] === 'approved' || detail['answer'] === 'confirmed' ? ACTIVATE : DEACTIVATE);

const ENTITIES = {
  'rotation.ordered': { ...ORDER, activity: CREATE },
  'rotation.expired': { ...ORDER, activity: DEACTIVATE },
  'rotation.marked': { ...ORDER, activity: UPDATE },
  'rotation.released': { ...ORDER, activity: DELETE },
  'rotation.asked': { ...QUESTION, activity: CREATE },
  'rotation.answered': { ...QUESTION, activity: byAnswer },
  'rollout.advanced': { ...ROLLOUT, activity: UPDATE },
  'rollout.stopped': { ...ROLLOUT, activity: SUSPEND },
  'rollout.resumed': { ...ROLLOUT, activity: RESUME },
  'policy.applied': { ...POLICY, activity: ACTIVATE },
  'policy.withdrawn': { ...POLICY, activity: DEACTIVATE },
  'consent.decided': { kind: 'decision on consent', uid: 'decision', name: 'agreement', activity: ({ detail }) => (detail['action'] === 'grant' ? ENABLE : DISABLE) },
  'consent.proposed': { ...PROPOSAL, activity: CREATE },
  'consent.answered': { ...PROPOSAL, activity: byAnswer },
  'server.enrolled': { ...SERVER, activity: CREATE },
  'server.removed': { ...SERVER, activity: DELETE },
  'server.waiting': { kind: NEW_SERVER, uid: 'request', name: 'request', activity: CREATE },
  'server.refused': { kind: NEW_SERVER, uid: 'token', name: 'token', activity: DEACTIVATE },
  'message.replayed': { ...DEAD_LETTERS, activity: RESUME },
  'message.discarded': { ...DEAD_LETTERS, activity: DELETE },
  'consent.converged': { kind: 'agreement', uid: 'agreement', name: 'agreement', activity: UPDATE },
} as const satisfies Partial<Record<EventName, Entity>>;
export type EntityEvent = keyof typeof ENTITIES;
export const isEntityEvent = (event: string): event is EntityEvent => Object.hasOwn(ENTITIES, event);

/** A policy is an entity of a kind that the schema knows; the others go by their name. */
const POLICY_TYPE_ID = 5;
const OTHER_TYPE_ID = 99;

const statusOf = ({ event, detail }: AnyEventData): ClassPart['status'] => {
  const { answer, code } = detail;
  if (event === 'server.refused') return { ...FAILURE, detail: String(code) };
  if (typeof answer !== 'string') return SUCCESS;
  return answer === 'approved' || answer === 'confirmed' ? SUCCESS : { ...FAILURE, detail: answer };
};

/** A member of the detail, or the server that the event is of. */
const valueOf = (data: AnyEventData, member: string): string | undefined => (member === 'server' ? data.server : textOf(data, member));

/** Orders, questions, policies, roll-outs, decisions and servers, as things that are managed. */
export function entityPart(data: AnyEventData, event: EntityEvent): ClassPart {
  const { kind, activity, uid, name }: Entity = ENTITIES[event];
  const [policy, version, reason] = [textOf(data, 'policy'), textOf(data, 'version'), textOf(data, 'reason')];
  const isPolicy = kind === POLICY.kind;
  const id = valueOf(data, uid) ?? event;
  return {
    of: OCSF_CLASSES.entityManagement,
    activity: typeof activity === 'function' ? activity(data) : activity,
    correlation: id,
    status: statusOf(data),
    attributes: {
      entity: {
        uid: id,
        name: valueOf(data, name) ?? id,
        type: kind,
        type_id: isPolicy ? POLICY_TYPE_ID : OTHER_TYPE_ID,
        ...(isPolicy && version !== undefined ? { version } : {}),
        ...(policy === undefined ? {} : { policy: { name: policy, ...(isPolicy ? { is_applied: event === 'policy.applied' } : {}) } }),
      },
      ...(reason === undefined ? {} : { comment: reason }),
    },
  };
}
