import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.js';

const lineOf = (text: string, start: string): string | undefined => text.split('\n').find((line) => line.startsWith(start));

describe('metrics of a process', () => {
  it('keep to the values that a label may have: no other ever becomes one', async () => {
    const metrics = new Metrics('sample');
    const count = metrics.counter({ name: 'sample_total', help: 'x', labels: { consumer: ['a', 'b'] } });
    const time = metrics.histogram({ name: 'sample_seconds', help: 'x', labels: { consumer: ['a'] } }, [1]);
    for (const consumer of ['a', 'mx-1', 'anna@example.org', '__proto__', '']) {
      count({ consumer });
      time({ consumer }, 0.5);
    }
    const text = await metrics.read();
    expect(lineOf(text, 'sample_total{consumer="a"')).toMatch(/ 1$/);
    expect(lineOf(text, 'sample_total{consumer="other"')).toMatch(/ 4$/);
    expect(text).toMatch(/^sample_seconds_count\{[^}]*consumer="other"[^}]*\} 4$/m);
    for (const name of ['mx-1', 'anna', '__proto__']) expect(text).not.toContain(name);
  });

  it('ask a source once for all that read at the same time, and add what falls together', async () => {
    const metrics = new Metrics('sample');
    let asked = 0;
    metrics.gauges('rows', { rows: { name: 'sample_rows', help: 'x', labels: { state: ['open'] } } }, () => {
      asked += 1;
      return Promise.resolve({ rows: [{ labels: { state: 'open' }, value: 2 }, { labels: { state: 'unheard of' }, value: 3 }, { labels: { state: 'new' }, value: 4 }] });
    });
    const [text = ''] = await Promise.all([metrics.read(), metrics.read(), metrics.read()]);
    expect(asked).toBe(1);
    expect(lineOf(text, 'sample_rows{state="open"')).toMatch(/ 2$/);
    expect(lineOf(text, 'sample_rows{state="other"')).toMatch(/ 7$/);
  });

  it('tell nothing of a source that fails or hangs, and count it; the others are told', { timeout: 10_000 }, async () => {
    const metrics = new Metrics('sample');
    let broken = false;
    const read = () => (broken ? Promise.reject(new Error('away')) : Promise.resolve({ with: [{ labels: { state: 'open' }, value: 5 }], without: [{ value: 6 }] }));
    metrics.gauges('failing', { with: { name: 'sample_with', help: 'x', labels: { state: ['open'] } }, without: { name: 'sample_without', help: 'x' } }, read);
    metrics.gauges('hanging', { hung: { name: 'sample_hung', help: 'x' } }, () => new Promise(() => undefined));
    metrics.gauges('well', { well: { name: 'sample_well', help: 'x' } }, () => Promise.resolve({ well: [{ value: 7 }] }));
    const before = await metrics.read();
    expect(lineOf(before, 'sample_without{')).toMatch(/ 6$/);
    broken = true;
    const text = await metrics.read();
    expect(lineOf(text, 'sample_with{')).toBeUndefined();
    expect(lineOf(text, 'sample_without{')).toMatch(/ NaN$/i);
    expect(lineOf(text, 'sample_hung{')).toMatch(/ NaN$/i);
    expect(lineOf(text, 'sample_well{')).toMatch(/ 7$/);
    expect(lineOf(text, 'mailwarden_metric_source_failures_total{source="failing"')).toMatch(/ 1$/);
    expect(lineOf(text, 'mailwarden_metric_source_failures_total{source="hanging"')).toMatch(/ 2$/);
  });
});
