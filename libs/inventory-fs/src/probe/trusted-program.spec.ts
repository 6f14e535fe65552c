import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { placesOn } from './places-on.js';
import { runCommand } from './run-command.js';
import { NOT_INSTALLED, untrustedPart } from './trusted-program.js';

const isRoot = process.getuid?.() === 0;
const ONLY_ROOT = isRoot ? '' : ' (skipped: giving files away needs the super-user)';
const PRODUCT = 54_321;

let root = '';
const program = (folder: string): string => {
  mkdirSync(join(root, folder), { recursive: true, mode: 0o755 });
  const path = join(root, folder, 'tool');
  writeFileSync(path, '#!/bin/sh\nid -u\n', { mode: 0o755 });
  chmodSync(path, 0o755);
  return path;
};

beforeEach(() => {
  // Below a folder that is root's alone all the way, which the usual one for such things is not.
  root = realpathSync(mkdtempSync('/var/lib/mailwarden-trusted-'));
  chmodSync(root, 0o755);
});
afterEach(() => rmSync(root, { recursive: true }));

describe.runIf(isRoot)(`a program that is run with our rights${ONLY_ROOT}`, () => {
  it('is one that root alone can change, or is not installed', () => {
    expect(untrustedPart(program('opt'))).toBeNull();
    expect([untrustedPart(join(root, 'none')), untrustedPart(join(root, 'none/tool'))]).toEqual([NOT_INSTALLED, NOT_INSTALLED]);
  });

  it('is none whose way leads over a folder that a product may change, also in the middle of its links', () => {
    const real = program('opt/product-1');
    mkdirSync(join(root, 'srv'));
    symlinkSync(join(root, 'opt/product-1'), join(root, 'srv/current'));
    symlinkSync(join(root, 'srv/current'), join(root, 'opt/product'));
    const written = join(root, 'opt/product/tool');
    expect(realpathSync(written)).toBe(real);
    expect(untrustedPart(written)).toBeNull();
    chownSync(join(root, 'srv'), PRODUCT, PRODUCT);
    expect(untrustedPart(written)).toBe(`others than root may change ${join(root, 'srv')}`);
  });

  it('is none whose way leads by a link over a folder of others and up again, which the words of the link leave out', () => {
    const real = program('srv/product');
    program('opt');
    mkdirSync(join(root, 'srv/product/lib'));
    symlinkSync(join(root, 'srv/product/lib'), join(root, 'opt/lib'));
    symlinkSync('lib/../tool', join(root, 'opt/current'));
    const written = join(root, 'opt/current');
    expect(realpathSync.native(written)).toBe(real);
    expect(untrustedPart(written)).toBeNull();
    chownSync(join(root, 'srv/product'), PRODUCT, PRODUCT);
    expect(untrustedPart(written)).toBe(`others than root may change ${join(root, 'srv/product')}`);
  });

  it('is none that is away at the moment of the look, and there at the next', async () => {
    const path = program('srv');
    chownSync(join(root, 'srv'), PRODUCT, PRODUCT);
    renameSync(path, `${path}.away`);
    const ending = new AbortController();
    const restless = (async () => {
      while (!ending.signal.aborted) {
        renameSync(existsSync(path) ? path : `${path}.away`, existsSync(path) ? `${path}.away` : path);
        await new Promise((again) => setImmediate(again));
      }
    })();
    const told = await Promise.all(Array.from({ length: 200 }, () => runCommand([path], 5)));
    ending.abort();
    await restless;
    expect(told.filter(({ known }) => known)).toEqual([]);
    expect(new Set(told.map((one) => (one.known ? '' : one.reason)))).toEqual(new Set([`${path} is not run: others than root may change ${join(root, 'srv')}`]));
  });
});

describe('the places on a way', () => {
  it('are each folder, each link, and what they lead to, from the top down', () => {
    mkdirSync(join(root, 'a/b'), { recursive: true });
    writeFileSync(join(root, 'a/b/file'), '');
    symlinkSync('../a/b', join(root, 'a/up'));
    const below = [...placesOn(join(root, 'a/up/file'))].filter((place) => place.startsWith(`${root}/`)).map((place) => place.slice(root.length));
    expect(below).toEqual(['/a', '/a/up', '/a', '/a/b', '/a/b/file']);
  });

  it('end where links lead in a circle, or nowhere', () => {
    symlinkSync('two', join(root, 'one'));
    symlinkSync('one', join(root, 'two'));
    expect(() => [...placesOn(join(root, 'one'))]).toThrow(/too many links/);
    expect(() => [...placesOn(join(root, 'none/deeper'))]).toThrow(/ENOENT/);
  });
});
