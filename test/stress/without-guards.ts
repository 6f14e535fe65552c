import { GUARDS, type Guard } from './guards.js';
import { PatchedTree } from './patched-tree.js';
import type { Stress, StressEnd, StressTerms, Suite } from './suite-runs.js';

/** A guard that is gone is seen sooner, or never. */
const GUARD_MS_MAX = 120_000;
const WHAT_MAX = 300;
/** The words of a suite for an order that never came to its end; it cannot go on then, and throws. */
const SUITE_GAVE_UP = 'could not be carried out undisturbed';
/** Then the program itself was broken by the change, or does not even start: that is no suite that saw something. */
const BROKEN = /\b(?:SyntaxError|ReferenceError|TypeError|Cannot find module|ERR_[A-Z_]+)\b/;

/** What a run came to, or why there was none. */
type Tried = { readonly end: StressEnd } | { readonly broken: string };

async function tried(run: Stress, terms: StressTerms): Promise<Tried> {
  try {
    const end = await run(terms);
    const broken = end.wrong.find((text) => BROKEN.test(text));
    return broken === undefined ? { end } : { broken };
  } catch (cause) {
    const text = String(cause);
    return text.includes(SUITE_GAVE_UP) && !BROKEN.test(text) ? { end: { wrong: [text.slice(text.indexOf('the order '))], count: 0, did: text } } : { broken: text };
  }
}

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').slice(0, WHAT_MAX);
const secondsSince = (startedMs: number): string => ((Date.now() - startedMs) / 1000).toFixed(0);

class GuardRuns {
  /** Whether a suite is green as long as all walls stand. */
  readonly #works = new Map<string, string | null>();

  constructor(
    private readonly tree: PatchedTree,
    private readonly terms: StressTerms,
  ) {}

  /** What is wrong with a guard: null where its suite saw that it was gone. */
  async of({ name, patches, suite, most }: Guard): Promise<string | null> {
    const unfit = await this.#unfit(suite);
    if (unfit !== null) return unfit;
    const startedMs = Date.now();
    const one = await this.tree.with(patches, () => tried(suite.run, this.#termsOf(most))).catch((cause: unknown): Tried => ({ broken: String(cause) }));
    if ('broken' in one) return `nothing can be said of this guard: ${name}: ${one.broken}`;
    const { wrong, did, count } = one.end;
    console.log(`${wrong.length > 0 ? 'seen   ' : 'UNSEEN '} ${name} (${suite.name}, ${count > 0 ? `after ${count}` : 'in a run that could not end'}, ${secondsSince(startedMs)} s): ${firstLine(wrong[0] ?? did)}`);
    return wrong.length > 0 ? null : `nothing saw that this guard was gone: ${name}`;
  }

  /** A suite that fails while all walls stand sees nothing. Null where it is green. */
  async #unfit(suite: Suite): Promise<string | null> {
    const known = this.#works.get(suite.name);
    if (known !== undefined) return known;
    const one = await tried(suite.run, this.#termsOf(suite.enough));
    const why = 'broken' in one ? one.broken : one.end.wrong.length > 0 ? one.end.wrong.join('\n') : one.end.count === 0 ? 'it tried nothing' : null;
    const unfit = why === null ? null : `${suite.name} fails while all guards stand: ${why}`;
    this.#works.set(suite.name, unfit);
    console.log(unfit === null ? `fit     ${suite.name}` : `UNFIT   ${firstLine(unfit)}`);
    return unfit;
  }

  #termsOf(most: number): StressTerms {
    return { ...this.terms, most, smallest: false, untilMs: Math.min(this.terms.untilMs, Date.now() + GUARD_MS_MAX), root: this.tree.root };
  }
}

/** Every guard must be missed: a suite that stays green without it proves nothing. */
export function withoutGuards(only: string): Stress {
  return async (terms) => {
    const tree = PatchedTree.make();
    const guards = GUARDS.filter(({ name }) => name.includes(only));
    const wrong: string[] = [];
    try {
      const runs = new GuardRuns(tree, terms);
      for (const guard of guards) {
        const is = await runs.of(guard);
        if (is !== null) wrong.push(is);
      }
    } finally {
      tree.remove();
    }
    return { wrong, count: guards.length, did: `${guards.length} guards taken away` };
  };
}
