import { RainerText } from './rainer-text.js';
import { both, either, not, PERHAPS, propertyIs, selector, type SyslogCondition } from './syslog-condition.js';

/** Brackets within brackets that are followed. */
const DEPTH_MAX = 20;
/** Conditions that one `and` or `or` joins; a longer text may be so or not. */
const OPERANDS_MAX = 500;
const COMPARISONS = ['==', '!=', '<>', '<=', '>=', '<', '>'] as const;
const WORDS = ['startswith_i', 'startswith', 'contains_i', 'contains', 'isequal'] as const;

/** Reads the condition of an `if`. What is not understood may be so or not. */
export function readExpression(text: string): SyslogCondition {
  const place = new RainerText(text);
  const condition = disjunction(place, 0);
  place.toNext();
  return place.done ? condition : PERHAPS;
}

function disjunction(text: RainerText, depth: number): SyslogCondition {
  let [condition, operands] = [conjunction(text, depth), 1];
  for (text.toNext(); text.atWord('or'); text.toNext(), operands += 1) {
    text.skip(2);
    const next = conjunction(text, depth);
    condition = operands < OPERANDS_MAX ? either(condition, next) : PERHAPS;
  }
  return condition;
}

function conjunction(text: RainerText, depth: number): SyslogCondition {
  let [condition, operands] = [single(text, depth), 1];
  for (text.toNext(); text.atWord('and'); text.toNext(), operands += 1) {
    text.skip(3);
    const next = single(text, depth);
    condition = operands < OPERANDS_MAX ? both(condition, next) : PERHAPS;
  }
  return condition;
}

function single(text: RainerText, depth: number): SyslogCondition {
  text.toNext();
  if (depth > DEPTH_MAX) return PERHAPS;
  if (text.atWord('not')) {
    text.skip(3);
    return not(single(text, depth + 1));
  }
  if (text.next() === '(') {
    text.skip(1);
    const inner = disjunction(text, depth + 1);
    const rest = text.until(')');
    text.skip(1);
    return rest.trim() === '' ? inner : PERHAPS;
  }
  if (text.atWord('prifilt')) {
    text.skip('prifilt'.length);
    const argument = bracketed(text);
    return argument === null ? PERHAPS : selector(argument);
  }
  return comparison(text);
}

/** The one text within round brackets. */
function bracketed(text: RainerText): string | null {
  text.toNext();
  if (text.next() !== '(') return null;
  text.skip(1);
  text.toNext();
  const isText = text.next() === '"' || text.next() === "'";
  const value = isText ? text.quoted() : null;
  text.until(')');
  text.skip(1);
  return value;
}

function operationOf(text: RainerText): string {
  text.toNext();
  const operation = COMPARISONS.find((sign) => text.startsWith(sign)) ?? WORDS.find((word) => text.atWord(word)) ?? '';
  text.skip(operation.length);
  return operation;
}

/** A side of a comparison: a text in quotes, or a property, number or function that is passed over. */
function side(text: RainerText): { readonly literal: boolean; readonly value: string } {
  text.toNext();
  if (text.next() === '"' || text.next() === "'") return { literal: true, value: text.quoted() };
  const value = text.word();
  text.blanks();
  if (text.next() === '(') bracketed(text);
  if (value === '') text.skip(text.next() === ')' ? 0 : 1);
  return { literal: false, value };
}

function comparison(text: RainerText): SyslogCondition {
  const left = side(text);
  const operation = operationOf(text);
  if (operation === '') return PERHAPS;
  const right = side(text);
  const [property, literal] = left.literal ? [right, left] : [left, right];
  if (property.literal || !literal.literal) return PERHAPS;
  const negated = operation === '!=' || operation === '<>';
  const condition = propertyIs(property.value, negated ? '==' : operation, literal.value);
  return negated ? not(condition) : condition;
}
