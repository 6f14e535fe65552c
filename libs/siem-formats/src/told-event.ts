import type { AnyEventData } from '@mailwarden/contracts';

/** One event as its source told it: what every format is made from. */
export interface ToldEvent {
  /** Stable for the happening, however often it is delivered. */
  readonly id: string;
  /** `mailwarden/<service>`. */
  readonly source: string;
  /** Gap-free per source. */
  readonly sequence: number;
  readonly data: AnyEventData;
}

/** Token of events that concern no one server. */
export const FLEET = 'fleet';

/** A member of an event's detail as text; undefined where there is none. */
export function textOf(data: AnyEventData, member: string): string | undefined {
  const value = data.detail[member];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The event in one sentence, for formats that want one: its own words where it has some. */
export function summaryOf(data: AnyEventData): string {
  const own = textOf(data, 'message') ?? textOf(data, 'reason');
  const about = textOf(data, 'store') ?? textOf(data, 'policy') ?? textOf(data, 'agreement');
  const where = data.server === FLEET ? '' : ` on ${data.server}`;
  return `${data.event.replaceAll(/[.-]/g, ' ')}${about === undefined ? '' : ` of ${about}`}${where}${own === undefined ? '' : `: ${own}`}`;
}
