import { closeSync, chmodSync, mkdirSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FOLDER_EVENTS, Inotify } from './inotify.js';

const { created, deleted, ignored, isFolder, rights, selfMoved, closedAfterWriting } = FOLDER_EVENTS;
const MASK = created | deleted | rights | selfMoved | closedAfterWriting;

let folder: string;
let changes: Inotify;
let descriptor: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailwarden-inotify-'));
  changes = Inotify.open();
  descriptor = openSync(folder, 'r');
});
afterEach(() => {
  changes.close();
  closeSync(descriptor);
  rmSync(folder, { recursive: true, force: true });
});
function happened(): [watch: number, mask: number, name: string][] {
  const events: [number, number, string][] = [];
  while (changes.read((watch, mask, name) => void events.push([watch, mask, name()])));
  return events;
}

describe('changes of a folder', () => {
  it('are told by its number, with names as bytes, and are told once', () => {
    const watch = changes.watch(descriptor, MASK);
    expect(watch).toBeTypeOf('number');
    expect(happened()).toEqual([]);
    const odd = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0x0a, 0x2d])]);
    writeFileSync(odd, 'x');
    mkdirSync(join(folder, 'deep'));
    chmodSync(folder, 0o777);
    expect(happened()).toEqual([
      [watch, created, '\xff\n-'],
      [watch, closedAfterWriting, '\xff\n-'],
      [watch, created | isFolder, 'deep'],
      [watch, rights | isFolder, ''],
    ]);
    expect(happened()).toEqual([]);
  });

  it('are told of the folder that was opened, wherever it was moved, and of a further purpose beside the first', () => {
    const watch = changes.watch(descriptor, created);
    expect(changes.watch(descriptor, selfMoved)).toBe(watch);
    renameSync(folder, `${folder}-moved`);
    writeFileSync(join(`${folder}-moved`, 'x'), '');
    expect(happened()).toEqual([[watch, selfMoved, ''], [watch, created, 'x']]);
    rmSync(`${folder}-moved`, { recursive: true });
  });

  it('end with the folder or when they are no longer wanted', () => {
    const watch = changes.watch(descriptor, created) as number;
    changes.unwatch(watch);
    changes.unwatch(watch);
    expect(happened()).toEqual([[watch, ignored, '']]);
  });

  it('are refused for what is no folder', () => {
    writeFileSync(join(folder, 'file'), '');
    const file = openSync(join(folder, 'file'), 'r');
    expect(changes.watch(file, MASK)).toBe('ENOTDIR');
    closeSync(file);
  });
});
