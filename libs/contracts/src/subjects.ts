import type { Severity } from '@mailwarden/kernel';
import type { EventName } from './event.js';

/** Every subject of the bus. Server names are checked before they get here, so that no token can hold `.`, `*` or `>`. */
export const subjects = {
  observation: (server: string): string => `mw.observation.${server}`,
  heartbeat: (server: string): string => `mw.heartbeat.${server}`,
  receipt: (server: string): string => `mw.receipt.${server}`,
  attestation: (server: string): string => `mw.attestation.${server}`,
  order: (server: string): string => `mw.order.${server}`,
  evidence: (service: string): string => `mw.evidence.${service}`,
  event: (name: EventName, severity: Severity, server: string): string => `mw.event.${name}.${severity}.${server}`,
  ocsf: (classUid: number, severity: Severity, server: string): string => `mw.ocsf.${classUid}.${severity}.${server}`,
  dead: (consumer: string): string => `mw.dead.${consumer}`,
  /** By the id of a token. */
  enrol: (token: string): string => `mw.enrol.${token}`,
  renew: (server: string): string => `mw.renew.${server}`,
  /** Where a message that a consumer put aside is given to it again. No agent may publish here. */
  replay: (consumer: string): string => `mw.replay.${consumer}`,
  api: (service: 'consent' | 'rotation' | 'reporting', query: string): string => `mw.api.${service}.${query}`,
} as const;

export const WILDCARDS = {
  observation: 'mw.observation.*',
  heartbeat: 'mw.heartbeat.*',
  receipt: 'mw.receipt.*',
  attestation: 'mw.attestation.*',
  order: 'mw.order.*',
  evidence: 'mw.evidence.*',
  event: 'mw.event.>',
  ocsf: 'mw.ocsf.>',
  dead: 'mw.dead.*',
  enrol: 'mw.enrol.*',
  renew: 'mw.renew.*',
  replay: 'mw.replay.*',
  api: 'mw.api.>',
} as const;
