import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GapWatch, LATE_MS_MAX } from './gap-watch.js';

const missingIn = (gaps: readonly { from: number; to: number }[]): number[] => gaps.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, index) => from + index)).sort((a, b) => a - b);

describe('numbers of a source', () => {
  it('that did not come in time are told once, and no others, whatever the order and however often they come', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1 });
    fc.assert(
      fc.property(numbers, fc.infiniteStream(fc.nat()), fc.nat(40), (came, chances, restartAfter) => {
        const order = [Math.min(...came), ...came.map((number) => ({ number, key: chances.next().value as number })).sort((a, b) => a.key - b.key).map(({ number }) => number), ...came.slice(0, 5)];
        let watch = new GapWatch({});
        order.forEach((number, index) => {
          watch.saw('a', number, 0);
          expect(watch.due(LATE_MS_MAX - 1)).toEqual([]);
          if (index === restartAfter) watch = new GapWatch(JSON.parse(JSON.stringify(watch.seen())) as ReturnType<GapWatch['seen']>);
        });
        const expected = Array.from({ length: Math.max(...came) }, (_, index) => index + 1).filter((number) => number > Math.min(...came) && !came.includes(number));
        expect(missingIn(watch.due(LATE_MS_MAX))).toEqual(expected);
        expect(watch.due(LATE_MS_MAX)).toEqual([]);
      }),
    );
  });

  it('are of one source each, and 0 is none', () => {
    const watch = new GapWatch({ a: { highest: 4, missing: [] } });
    watch.saw('b', 1, 0);
    watch.saw('a', 0, 0);
    watch.saw('a', 6, 0);
    watch.saw('b', 2, 0);
    expect(watch.due(LATE_MS_MAX)).toEqual([{ source: 'a', from: 5, to: 5 }]);
  });
});
