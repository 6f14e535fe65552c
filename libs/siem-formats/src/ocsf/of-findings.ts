import type { AnyEventData, FindingCode } from '@mailwarden/contracts';
import { epochMsOf } from '@mailwarden/kernel';
import { FLEET, textOf } from '../told-event.js';
import { OCSF_CLASSES, type ClassPart } from './ocsf-class.js';

/** Findings about data that is kept too long, too openly, or where nobody knows of it. The others are about rules, settings and consent. */
const ABOUT_DATA: ReadonlySet<string> = new Set<FindingCode>([
  'over-limit', 'over-age', 'held-over-limit', 'access-too-wide', 'parent-folder-open', 'leftover-files', 'deleted-but-open', 'orphaned-halves',
  'dump-present', 'memory-exposed', 'log-elsewhere', 'undeclared-data', 'flow-plaintext',
]);

const ACTIVITIES = { 'finding.opened': { id: 1, name: 'Create' }, 'finding.updated': { id: 2, name: 'Update' }, 'finding.resolved': { id: 3, name: 'Close' } } as const;
export type FindingEvent = keyof typeof ACTIVITIES;
export const isFindingEvent = (event: string): event is FindingEvent => Object.hasOwn(ACTIVITIES, event);

const NEW = { id: 1, name: 'New' } as const;
const RESOLVED = { id: 4, name: 'Resolved' } as const;
/** Mail of persons, lying in stores. */
const MAIL_AT_REST = { category_id: 1, category: 'Personal', data_lifecycle_state_id: 1, data_lifecycle_state: 'Data at-Rest' } as const;

/** The store that an event is about. Privacy: a word of the profile, never a path. */
export function resourcesOf(data: AnyEventData): readonly object[] {
  const store = textOf(data, 'store');
  return store === undefined ? [] : [{ uid: `${data.server}/${store}`, name: store, type: 'store' }];
}

/** Findings. */
export function findingPart(data: AnyEventData, event: FindingEvent): ClassPart {
  const code = textOf(data, 'code') ?? 'unknown';
  const isOver = event === 'finding.resolved';
  const isAboutData = ABOUT_DATA.has(code);
  const [message, advice] = [textOf(data, 'message'), textOf(data, 'advice')];
  const at = epochMsOf(data.at);
  const info = {
    uid: textOf(data, 'finding') ?? code,
    title: code.replaceAll('-', ' '),
    types: [code],
    ...(message === undefined ? {} : { desc: message }),
    ...(event === 'finding.opened' ? { created_time: at } : { modified_time: at }),
  };
  const resources = data.server === FLEET ? [] : resourcesOf(data);
  const compliance = { control: code, standards: ['Mailwarden policies and profiles'], ...(isOver ? { status_id: 1, status: 'Pass' } : { status_id: 3, status: 'Fail' }) };
  return {
    of: isAboutData ? OCSF_CLASSES.dataSecurityFinding : OCSF_CLASSES.complianceFinding,
    activity: ACTIVITIES[event],
    correlation: textOf(data, 'finding'),
    status: isOver ? RESOLVED : NEW,
    attributes: {
      finding_info: info,
      ...(resources.length === 0 ? {} : { resources }),
      ...(isAboutData ? { data_security: MAIL_AT_REST, is_alert: !isOver } : { compliance, ...(advice === undefined ? {} : { remediation: { desc: advice } }) }),
    },
  };
}
