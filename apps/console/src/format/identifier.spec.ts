import { expect, it } from 'vitest';
import { sentenceCase, shortId } from './identifier.js';

it('shortens what is long and leaves names alone', () => {
  expect(shortId('0f8fad5b-d9cb-469f-a165-70867728950e')).toBe('0f8fad5b');
  expect(shortId('backup-cap')).toBe('backup-cap');
});

it('makes a heading of a slug', () => {
  expect(sentenceCase('ksn-without-consent')).toBe('Ksn without consent');
});
