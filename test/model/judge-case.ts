import type { Receipt } from '@mailwarden/contracts';
import type { PlainStore } from '../fault/plain-store.js';
import { PAGE_BYTES, type Entry, type RotationCase } from './random-case.js';
import { RealRun } from './real-run.js';
import { expectedOf, isHeld, type Expected } from './reference-model.js';

const isSame = (one: readonly string[], other: readonly string[]): boolean => one.length === other.length && one.every((name, place) => name === other[place]);

/** What never may be, whatever the model says. */
function brokenInvariants(given: RotationCase, gone: readonly Entry[], receipt: Receipt): string[] {
  const files = given.entries.filter(({ kind }) => kind === 'file' || kind === 'hard-linked' || kind === 'excluded-by-order').sort((a, b) => a.ageS - b.ageS);
  const bytes = gone.reduce((sum, { pages }) => sum + pages * PAGE_BYTES, 0);
  return [
    ...gone.filter((entry) => isHeld(entry, given)).map(({ name }) => `${name} was held and is gone`),
    ...gone.filter(({ kind }) => kind !== 'file').map(({ name, kind }) => `${name} is gone, and was ${kind}`),
    ...gone.filter((entry) => files.indexOf(entry) < given.keep.newest).map(({ name }) => `${name} was among the newest and is gone`),
    ...(given.onlyMarked ? gone.filter(({ isMarked }) => !isMarked).map(({ name }) => `${name} was not marked and is gone`) : []),
    ...(gone.length <= given.bounds.items && bytes <= given.bounds.bytes ? [] : [`${gone.length} items of ${bytes} bytes are gone, beyond the bounds`]),
    ...(receipt.deleted.items === gone.length && receipt.deleted.bytes === bytes ? [] : [`${gone.length} items of ${bytes} bytes are gone, and ${receipt.deleted.items} of ${receipt.deleted.bytes} were told`]),
  ];
}

/** Oldest first: what is gone is the beginning of the plan. An order that ran to its end has deleted all of it. */
function wrongOrder(expected: Expected, gone: ReadonlySet<string>, receipt: Receipt): string[] {
  if (expected.stopped !== null) return gone.size === 0 && receipt.outcome === 'stopped' ? [] : [`the ${expected.stopped} lets nothing leave, and the order ended as ${receipt.outcome}`];
  const first = expected.leave.slice(0, gone.size);
  if (!first.every((name) => gone.has(name))) return ['what is gone is not the beginning of the plan'];
  if (receipt.outcome === 'stopped') return [];
  return gone.size === expected.leave.length && receipt.outcome === (expected.leave.length === 0 ? 'nothing-to-do' : 'completed') ? [] : [`${expected.leave.length} were to leave, ${gone.size} left, and the order ended as ${receipt.outcome}: ${receipt.reason}`];
}

/** What came of the cases, so that a reader sees that they were not idle. */
export type Tally = Map<string, number>;

/** Runs one case for real and compares. Shape: what is wrong. */
export async function judgeCase(host: PlainStore, given: RotationCase, tally: Tally): Promise<string[]> {
  const run = new RealRun(host, given);
  const expected = expectedOf(given);
  const all = given.entries.map(({ name }) => name).sort();
  const planned = await run.planned();
  const wrong = isSame(planned, expected.leave) ? [] : [`the plan is ${planned.join(', ')} and was to be ${expected.leave.join(', ')}`];
  if (!isSame(run.there(), all)) return [...wrong, 'a plan touched something'];
  const mayBeAway = new Set(expected.stopped === null ? expected.leave : []);
  const receipt = await run.rotate(() => {
    const there = new Set(run.there());
    wrong.push(...all.filter((name) => !there.has(name) && !mayBeAway.has(name)).map((name) => `${name} was not planned, and is away after a crash`));
  });
  tally.set(receipt.outcome, (tally.get(receipt.outcome) ?? 0) + 1);
  if (receipt.resumed) tally.set('resumed', (tally.get('resumed') ?? 0) + 1);
  const there = run.there();
  const gone = given.entries.filter(({ name }) => !there.includes(name));
  const stray = there.filter((name) => !all.includes(name));
  const { items, bytes } = receipt.before;
  wrong.push(...stray.map((name) => `${name} was not there before`), ...brokenInvariants(given, gone, receipt), ...wrongOrder(expected, new Set(gone.map(({ name }) => name)), receipt));
  if (items !== expected.before.items || bytes !== expected.before.bytes) wrong.push(`the store was told as ${items} items of ${bytes} bytes and had ${expected.before.items} of ${expected.before.bytes}`);
  if (JSON.stringify(await run.again()) !== JSON.stringify(receipt)) wrong.push('the same order gave another account');
  const another = await run.another();
  if (receipt.outcome !== 'stopped' && another.deleted.items > 0) wrong.push(`another order of the same words deleted ${another.deleted.items} more`);
  if (receipt.outcome !== 'stopped' && !isSame(run.there(), there)) wrong.push('another order of the same words changed the store');
  return wrong;
}
