/** What a span may say beside its name and times, and in which form. Privacy: none of these forms can hold an address, a subject, a name of a file or a sentence; what does not fit is left out. */
export const SPAN_FACTS = {
  'mailwarden.server': /^[a-z0-9-]{1,63}$/,
  'mailwarden.profile': /^[a-z0-9-]{1,63}$/,
  'mailwarden.store': /^[a-z0-9-]{1,63}$/,
  'mailwarden.order': /^[0-9a-f-]{36}$/,
  'mailwarden.outcome': /^[a-z-]{1,30}$/,
  'mailwarden.entry': /^\d{1,16}$/,
  'messaging.destination.name': /^[a-z0-9-]{1,63}$/,
  'messaging.message.type': /^mailwarden\.[a-z0-9-]{1,40}\.[a-z0-9-]{1,40}\.v\d{1,4}$/,
  'error.type': /^[A-Za-z]{1,40}$/,
} as const satisfies Record<string, RegExp>;
export type SpanFacts = { readonly [name in keyof typeof SPAN_FACTS]?: string | undefined };

/** The facts in their forms. */
export function fittingFacts(facts: SpanFacts): [name: string, value: string][] {
  return Object.entries(SPAN_FACTS).flatMap(([name, form]): [string, string][] => {
    const value = facts[name as keyof typeof SPAN_FACTS];
    return typeof value === 'string' && form.test(value) ? [[name, value]] : [];
  });
}

const SPAN_NAME = /^[a-z][a-z -]{0,60}$/;
/** Names are words of ours; one that is not is told as none. */
export const fittingName = (name: string): string => (SPAN_NAME.test(name) ? name : 'work');
