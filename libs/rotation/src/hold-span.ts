import type { Hold } from '@mailwarden/contracts';

/** Both ends are held. Units: milliseconds since 1970. */
export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

const orElse = (ms: number, fallback: number): number => (Number.isNaN(ms) ? fallback : ms);

/** A moment that cannot be read holds without end: a hold is never weaker than it was meant. */
export const spanOf = (hold: Pick<Hold, 'from' | 'until'>): Span => ({ fromMs: hold.from === null ? -Infinity : orElse(Date.parse(hold.from), -Infinity), untilMs: hold.until === null ? Infinity : orElse(Date.parse(hold.until), Infinity) });

/** Whether any moment of a span is held; a span that ends before it begins is taken the other way round. */
export const meets = (spans: readonly Span[], { fromMs, untilMs }: Span): boolean => spans.some((span) => Math.max(fromMs, untilMs) >= span.fromMs && Math.min(fromMs, untilMs) <= span.untilMs);

export const covers = (spans: readonly Span[], atMs: number): boolean => spans.some((span) => atMs >= span.fromMs && atMs <= span.untilMs);
