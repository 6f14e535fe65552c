import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const FOLDER = join(import.meta.dirname, '../../deploy/grafana');
/** Of Debian's package prometheus; where it is not installed, MAILWARDEN_PROMTOOL may name it. */
const PROMTOOL = process.env['MAILWARDEN_PROMTOOL'] ?? (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'promtool')).find((path) => existsSync(path));
const promtool = (...args: readonly string[]): { status: number | null; said: string } => {
  const { status, stdout, stderr } = spawnSync(PROMTOOL ?? '', args, { cwd: FOLDER, encoding: 'utf8' });
  return { status, said: stdout + stderr };
};

describe('alerts and dashboard', () => {
  it.skipIf(PROMTOOL === undefined)('are rules that Prometheus takes, and fire when they should and not otherwise', () => {
    expect(promtool('check', 'rules', 'alerts.yml')).toMatchObject({ status: 0, said: expect.stringContaining('SUCCESS') });
    expect(promtool('test', 'rules', 'alerts.test.yml')).toMatchObject({ status: 0, said: expect.stringContaining('SUCCESS') });
  });

  it('say what an alert means and what to do, and have panels that ask something', () => {
    const rules = readFileSync(join(FOLDER, 'alerts.yml'), 'utf8').split(/^ {6}- alert: /m).slice(1);
    expect(rules.length).toBeGreaterThan(10);
    for (const rule of rules) expect(rule).toMatch(/^Mailwarden\w+\n[^]*expr: .+[^]*severity: (?:warning|critical)[^]*summary: .+[^]*description: .{20,}/);
    const { panels } = JSON.parse(readFileSync(join(FOLDER, 'dashboard.json'), 'utf8')) as { panels: { title: string; targets: { expr: string }[] }[] };
    for (const { title, targets } of panels) expect({ title, asks: targets.every(({ expr }) => expr.length > 10) }).toEqual({ title, asks: true });
  });
});
