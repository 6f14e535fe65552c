import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSettings } from './settings.js';

let scratch: string;
let environment: Record<string, string>;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'mailwarden-demo-settings-'));
  writeFileSync(join(scratch, 'password'), 'secret\n');
  environment = { MAILWARDEN_DEMO_DIR: '/data/fleet/', MAILWARDEN_DEMO_POLICY_DIR: '/data/policies', MAILWARDEN_DEMO_DATABASE_URL: 'postgres://owner@127.0.0.1:6543/postgres', MAILWARDEN_DEMO_DATABASE_PASSWORD_FILE: join(scratch, 'password') };
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

describe('settings of the demo fleet', () => {
  it('are read from the environment and the password from its file', async () => {
    expect(await loadSettings(environment)).toEqual({ dir: '/data/fleet', policyDir: '/data/policies', logLevel: 'info', databaseServer: { host: '127.0.0.1', port: 6543, user: 'owner', database: 'postgres', password: 'secret' } });
  });

  it('tell of everything that is missing at once', async () => {
    await expect(loadSettings({})).rejects.toThrow(/MAILWARDEN_DEMO_DIR[\s\S]*MAILWARDEN_DEMO_DATABASE_URL[\s\S]*MAILWARDEN_DEMO_POLICY_DIR/);
  });

  it.each([
    ['a relative folder', { MAILWARDEN_DEMO_DIR: 'fleet' }],
    ['an address with a password', { MAILWARDEN_DEMO_DATABASE_URL: 'postgres://owner:secret@127.0.0.1/postgres' }],
    ['another kind of database', { MAILWARDEN_DEMO_DATABASE_URL: 'mysql://owner@127.0.0.1/postgres' }],
    ['a log level that is none', { MAILWARDEN_DEMO_LOG_LEVEL: 'loud' }],
  ])('refuse %s', async (_name, wrong) => {
    await expect(loadSettings({ ...environment, ...wrong })).rejects.toThrow('settings are missing or wrong');
  });
});
