import { describe, expect, it } from 'vitest';
import { isPrivateFolder } from './private-folder.js';

const NAME = '.mailwarden-11111111-1111-4111-8111-111111111111';
const OWN = process.geteuid?.() ?? 0;
const FOLDER = 0o040_000;
const PRODUCT = 54_321;

describe("the executor's own folder in a store", () => {
  it.each([['of root', 0], ['of the running account', OWN]])('is one %s that nobody else may enter', (_whose, uid) => {
    expect(isPrivateFolder(NAME, { uid, mode: FOLDER | 0o700 })).toBe(true);
    for (const mode of [0o710, 0o701, 0o755]) expect(isPrivateFolder(NAME, { uid, mode: FOLDER | mode })).toBe(false);
  });

  it('is none of the product, whatever its name and mode: what lies in it counts as all else', () => {
    expect(isPrivateFolder(NAME, { uid: PRODUCT, mode: FOLDER | 0o700 })).toBe(false);
  });

  it.each(['.mailwarden-', '.mailwarden-x', `${NAME}x`, NAME.slice(1)])('has the name of an order: %s is none', (name) => {
    expect(isPrivateFolder(name, { uid: OWN, mode: FOLDER | 0o700 })).toBe(false);
  });
});
