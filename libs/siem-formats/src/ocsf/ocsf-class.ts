/** The version of the schema that events are given in. Source: https://schema.ocsf.io/1.8.0 */
export const OCSF_VERSION = '1.8.0';

/** A class of events of the schema. */
export interface OcsfClass {
  readonly uid: number;
  readonly name: string;
  readonly category: { readonly uid: number; readonly name: string };
  /** False where `device` comes by the profile `host` and the event has to say so. */
  readonly hasDevice: boolean;
}

const FINDINGS = { uid: 2, name: 'Findings' };
const IAM = { uid: 3, name: 'Identity & Access Management' };
const APPLICATION = { uid: 6, name: 'Application Activity' };

/** The classes that our events belong to. */
export const OCSF_CLASSES = {
  eventLogActivity: { uid: 1008, name: 'Event Log Activity', category: { uid: 1, name: 'System Activity' }, hasDevice: true },
  complianceFinding: { uid: 2003, name: 'Compliance Finding', category: FINDINGS, hasDevice: true },
  dataSecurityFinding: { uid: 2006, name: 'Data Security Finding', category: FINDINGS, hasDevice: true },
  authentication: { uid: 3002, name: 'Authentication', category: IAM, hasDevice: false },
  entityManagement: { uid: 3004, name: 'Entity Management', category: IAM, hasDevice: false },
  applicationLifecycle: { uid: 6002, name: 'Application Lifecycle', category: APPLICATION, hasDevice: false },
  applicationError: { uid: 6008, name: 'Application Error', category: APPLICATION, hasDevice: false },
} as const satisfies Record<string, OcsfClass>;

/** An activity of a class; 99 is one that the schema has no number for. */
export interface Activity {
  readonly id: number;
  readonly name: string;
}

/** An activity that the class does not know, under its own name. */
export const otherActivity = (name: string): Activity => ({ id: 99, name });

/** What is particular to one event: its class, and what the class wants beside the attributes that all have. */
export interface ClassPart {
  readonly of: OcsfClass;
  readonly activity: Activity;
  /** Same for all events of one affair: a finding, an order, a question, a decision. */
  readonly correlation?: string | undefined;
  readonly status?: { readonly id: number; readonly name: string; readonly detail?: string } | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export const SUCCESS = { id: 1, name: 'Success' } as const;
export const FAILURE = { id: 2, name: 'Failure' } as const;
