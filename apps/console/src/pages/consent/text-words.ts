import type { ConsentView, Decision, TwoPersonRule } from '@mailwarden/contracts';

type Agreement = ConsentView['agreements'][number];
export type Version = Agreement['versions'][number];

/** A text with the one of the same agreement and language that came before it and can be read. */
export interface TextRow {
  readonly agreement: Agreement;
  readonly version: Version;
  readonly before: Version | null;
}

const since = ({ effectiveAt, seenAt }: Version): string => effectiveAt ?? seenAt;

/** Every text, the newest of each agreement first. */
export const textsOf = (agreements: ConsentView['agreements']): TextRow[] =>
  agreements.flatMap((agreement) => {
    const newestFirst = [...agreement.versions].sort((a, b) => (since(a) < since(b) ? 1 : -1));
    return newestFirst.map((version, place) => ({ agreement, version, before: newestFirst.slice(place + 1).find(({ origin, language }) => origin === 'imported' && language === version.language) ?? null }));
  });

/** How a text is called in a list to choose from. */
export const versionWords = ({ label, language, textSha256, origin }: Version): string => `${label} (${language}, ${textSha256.slice(0, 12)}${origin === 'seen' ? ', seen on a server' : ''})`;

/** The end of a day that was chosen, on this computer's clock; null where none was. */
export const endOfDay = (day: string): string | null => (day === '' ? null : new Date(`${day}T23:59:59.999`).toISOString());
/** When a decision of that day counts from: a grant from its beginning, a refusal from its end, as far as it has passed, so that what was granted on that day is refused as well. */
export function decidedOn(day: string, action: Decision['action'], nowMs: number): string | null {
  const at = action === 'grant' ? beginOfDay(day) : endOfDay(day);
  return at === null || Date.parse(at) <= nowMs ? at : new Date(nowMs).toISOString();
}

/** Its beginning. */
export const beginOfDay = (day: string): string | null => (day === '' ? null : new Date(`${day}T00:00:00.000`).toISOString());

/** Which decisions take two persons, in words. */
export const RULE_WORDS: Readonly<Record<TwoPersonRule, string>> = {
  none: 'One person decides.',
  grants: 'What permits something takes two persons; a refusal takes one.',
  all: 'Each decision takes two persons.',
};

/** True when another person has to confirm such a decision. */
export const takesTwo = (rule: TwoPersonRule, action: Decision['action']): boolean => rule === 'all' || (rule === 'grants' && action === 'grant');
