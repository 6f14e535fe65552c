import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isRoot } from '../only-root.js';
import { COMPARED, type Compared, type Scenario } from './scenario.js';
import { Stage } from './stage.js';
import type { ComparedProgram } from './compared-programs.js';
import { BEFORE_AND_AFTER } from './scenarios/before-and-after.js';
import { IN_THE_WAY } from './scenarios/in-the-way.js';
import { LOGS } from './scenarios/logs.js';
import { SIZES } from './scenarios/sizes.js';

export const SCENARIOS: readonly Scenario[] = [...SIZES, ...LOGS, ...IN_THE_WAY, ...BEFORE_AND_AFTER];

/** Magic numbers of ext4 and XFS. Source: statfs(2). */
const CUTS_IN_PLACE = new Set([0xef53, 0x58465342]);

export type Programs = Readonly<Record<Exclude<Compared, 'mailwarden'>, ComparedProgram | null>>;

/** Why a cell cannot be observed here; null where it can. `standing`: version that the page was written with. */
export function whyNotHere(scenario: Scenario, which: Compared, programs: Programs, standing: string | undefined): string | null {
  if (scenario.onlyRoot === true && !isRoot) return 'only root may try it';
  if (which === 'mailwarden') return scenario.inPlace === true && !CUTS_IN_PLACE.has(statfsSync(tmpdir()).type) ? 'it takes ext4 or XFS' : null;
  const found = programs[which];
  if (found === null) return `${which} is not here`;
  const changed = scenario.otherwiseFrom?.[which];
  const differs = changed !== undefined && standing !== undefined && parseInt(standing, 10) >= changed !== parseInt(found.version, 10) >= changed;
  return differs ? `${which} ${found.version} is known to do otherwise than ${standing}` : null;
}

/** Lets one program loose on a folder made for it. */
export async function observe(scenario: Scenario, which: Compared, programs: Programs): Promise<string> {
  const stage = new Stage(scenario.store);
  try {
    await scenario.prepare(stage);
    try {
      if (which === 'mailwarden') return await scenario.mailwarden(stage);
      const program = programs[which];
      if (program === null) throw new Error(`${which} is not here`);
      return (await scenario[which](stage, program)).replaceAll(stage.store, 'STORE');
    } finally {
      await scenario.tidy?.(stage);
    }
  } finally {
    await stage.remove();
  }
}

export const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** The tables of the page, by name. `cell` says what stands in each. */
export function tablesOf(cell: (scenario: Scenario, which: Compared) => string): Map<string, string[]> {
  const tables = new Map<string, string[]>();
  for (const scenario of SCENARIOS) {
    const lines = tables.get(scenario.table) ?? [row(['', 'logrotate', 'systemd-tmpfiles', 'Mailwarden']), row(['---', '---', '---', '---'])];
    tables.set(scenario.table, [...lines, row([scenario.what, ...COMPARED.map((which) => cell(scenario, which))])]);
  }
  return tables;
}
