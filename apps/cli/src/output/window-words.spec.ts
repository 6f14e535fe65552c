import { expect, it } from 'vitest';
import { windowWords } from './window-words.js';

it('says a window as people write it', () => {
  const window = { fromMinute: 60, toMinute: 300, timezone: 'Europe/Berlin' };
  expect(windowWords({ ...window, days: [1, 2, 3, 4, 5] })).toBe('mon-fri, 01:00 to 05:00 Europe/Berlin');
  expect(windowWords({ ...window, days: [7, 6, 3] })).toBe('wed, sat, sun, 01:00 to 05:00 Europe/Berlin');
  expect(windowWords({ days: [1, 2, 3, 4, 5, 6, 7], fromMinute: 1_365, toMinute: 1_440, timezone: 'UTC' })).toBe('every day, 22:45 to 24:00 UTC');
});
