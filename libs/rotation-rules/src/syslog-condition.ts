import { matchesName } from './glob.js';

/** Whether a condition lets the lines of a product through. `maybe` where that depends on more than is known, and where it could not be read. */
export type Answer = 'yes' | 'no' | 'maybe';

/** What is known of the lines that are looked for. */
export interface SyslogQuestion {
  readonly facility: string;
  /** Globs over the names that the product writes, as `postfix/*`. */
  readonly programs: readonly string[];
}

export type SyslogCondition = (question: SyslogQuestion) => Answer;

export const ALWAYS: SyslogCondition = () => 'yes';
export const PERHAPS: SyslogCondition = () => 'maybe';

export const not = (condition: SyslogCondition): SyslogCondition => (question) => {
  const answer = condition(question);
  return answer === 'maybe' ? 'maybe' : answer === 'yes' ? 'no' : 'yes';
};

export const both = (one: SyslogCondition, other: SyslogCondition): SyslogCondition => (question) => {
  const answers = [one(question), other(question)];
  return answers.includes('no') ? 'no' : answers.includes('maybe') ? 'maybe' : 'yes';
};

export const either = (one: SyslogCondition, other: SyslogCondition): SyslogCondition => not(both(not(one), not(other)));

/** One part of a selector, as `auth,authpriv.none` or `*.info`; null where it says nothing of the facility. */
function partAnswer(part: string, facility: string): Answer | null {
  const dot = part.lastIndexOf('.');
  if (dot < 1) return 'maybe';
  const named = part.slice(0, dot).split(',').map((name) => name.trim().toLowerCase());
  if (!named.includes('*') && !named.includes(facility)) return null;
  const priority = part.slice(dot + 1).trim().toLowerCase();
  if (priority === 'none' || priority === '!*') return 'no';
  return priority === '*' || priority === 'debug' ? 'yes' : 'maybe';
}

/** A selector as `*.*;auth,authpriv.none`: its parts in order, each changing what those before it said. Source: syslog.conf(5). */
export function selector(text: string): SyslogCondition {
  const parts = text.split(';', 100).map((part) => part.trim());
  return ({ facility }) => parts.reduce<Answer>((answer, part) => partAnswer(part, facility) ?? answer, 'no');
}

/** The name of a program as rsyslog's `programname` sees it: it ends before a slash. */
const baseOf = (program: string): string => program.split('/', 1)[0] ?? program;

/** Whether text that a configuration compares with could be, or begin, or be part of, a name that a product writes. */
function comparison(operation: string, value: string, program: string): Answer {
  const [whole, base] = [program, baseOf(program)];
  switch (operation) {
    case 'isequal':
    case '==':
      if (!whole.includes('*')) return value === whole || value === base ? 'yes' : 'no';
      return matchesName(whole, value) || matchesName(base, value) ? 'maybe' : 'no';
    case 'startswith': {
      const fixed = whole.split('*', 1)[0] ?? '';
      if (fixed.startsWith(value)) return 'yes';
      return whole.includes('*') && value.startsWith(fixed) ? 'maybe' : 'no';
    }
    case 'contains':
      return whole.includes(value) ? 'yes' : whole.includes('*') ? 'maybe' : 'no';
    default:
      return 'maybe';
  }
}

/** A comparison of the program's name or tag. Several programs are all or none, or it is not known. */
export function programIs(operation: string, value: string): SyslogCondition {
  return ({ programs }) => {
    const answers = new Set(programs.map((program) => comparison(operation.toLowerCase(), value, program)));
    const [only] = answers;
    return answers.size === 1 && only !== undefined ? only : 'maybe';
  };
}

export const facilityIs = (value: string): SyslogCondition => ({ facility }) => (value.toLowerCase() === facility ? 'yes' : 'no');

/** What a property's name and a comparison with it say. */
export function propertyIs(property: string, operation: string, value: string): SyslogCondition {
  switch (property.toLowerCase().replace(/^\$/, '')) {
    case 'programname':
    case 'app-name':
      return programIs(operation, value);
    case 'syslogtag': // `postfix/smtpd[123]:`: what follows the name is not known.
      return ['startswith', 'contains'].includes(operation.toLowerCase()) ? programIs(operation, value) : PERHAPS;
    case 'syslogfacility-text':
      return ['isequal', '=='].includes(operation.toLowerCase()) ? facilityIs(value) : PERHAPS;
    default:
      return PERHAPS;
  }
}
