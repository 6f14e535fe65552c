import type { AssessedFinding } from '@mailwarden/contracts';

/** Numbers that did not come, both included. */
export interface MissingNumbers {
  readonly first: number;
  readonly last: number;
}

/** A numbering that began anew at `began` when it had come to `head`. */
export interface BegunAnew {
  readonly head: number;
  readonly began: number;
}

export interface Numbering {
  readonly missing: readonly MissingNumbers[];
  readonly anew: readonly BegunAnew[];
  /** Measurements that the agent says it gave up for want of room. */
  readonly givenUp: number;
}

const SHOWN_MAX = 5;
/** An agent that cannot read how far it had counted goes on from the clock, in milliseconds since 1970: no other way leads to such a number. */
const BY_THE_CLOCK = 1e12;
const SOURCE = 'numbers of the messages';

const jumpOf = ({ missing }: Numbering): MissingNumbers | undefined => missing.find(({ first, last }) => last >= BY_THE_CLOCK && first < BY_THE_CLOCK);
const range = ({ first, last }: MissingNumbers): string => (first === last ? String(first) : `${first} to ${last}`);

function missingFinding(numbering: Numbering): AssessedFinding[] {
  const { missing, givenUp } = numbering;
  const jump = jumpOf(numbering);
  const counted = missing.filter((one) => one !== jump);
  if (missing.length === 0) return [];
  const many = counted.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  const told = counted.length === 0 ? '' : `${many} message${many === 1 ? '' : 's'} of this agent did not arrive: number${many === 1 ? '' : 's'} ${counted.slice(0, SHOWN_MAX).map(range).join(', ')}${counted.length > SHOWN_MAX ? ` and ${counted.length - SHOWN_MAX} further ranges` : ''}`;
  const jumped = jump === undefined ? '' : `the agent could not read how far it had counted and went on from its clock: how much is missing after number ${jump.first - 1} is unknown`;
  const gaveUp = givenUp === 0 ? '' : `it says that it gave up ${givenUp} measurement${givenUp === 1 ? '' : 's'} for want of room`;
  return [
    {
      code: 'messages-missing',
      severity: jump === undefined && many <= givenUp ? 'medium' : 'high',
      store: null,
      subject: '',
      message: [told, jumped, gaveUp].filter((part) => part !== '').join('; '),
      advice: 'see that the agent reaches the bus and has room on its disk, and look among the dead letters; what is lost for good is accepted with mailwarden missing accept',
      source: SOURCE,
    },
  ];
}

function anewFinding({ anew }: Numbering): AssessedFinding[] {
  const newest = anew.at(-1);
  if (newest === undefined) return [];
  const { head, began } = newest;
  const why = began === 1 ? 'its outbox was emptied or it was installed anew, and what waited in the old one is lost' : 'its disk was put back to an earlier state, its outbox was emptied, or a second machine speaks with its credential';
  return [
    {
      code: 'numbering-anew',
      severity: 'high',
      store: null,
      subject: '',
      message: `the agent counted its messages up to ${head} and then began again at ${began}: ${why}`,
      advice: 'if you did that yourself, accept it with mailwarden missing accept; if not, find out who did, and whether two machines use the credential',
      source: SOURCE,
    },
  ];
}

/** What is to be told of one agent's numbering. Privacy: numbers alone. */
export const numberingFindings = (numbering: Numbering): AssessedFinding[] => [...missingFinding(numbering), ...anewFinding(numbering)];
