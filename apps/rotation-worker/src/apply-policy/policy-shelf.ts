import { parsePolicies, type Policy, type RetentionPolicy } from '@mailwarden/policy';
import type { Logger } from '@mailwarden/observability';
import type { DataSource } from 'typeorm';
import { newestApplied, type AppliedRow } from './applied-policies.js';
import { KnownFiles } from './known-files.js';
import { lookAtFolder, readPolicyFolder, type FolderLook, type PolicyFolder } from './policy-files.js';

export type StandingPolicy = Policy & { readonly text: string; readonly origin: 'applied' | 'file'; readonly since: Date | null };
/** Stands for the folder where a problem is about all of it. */
const WHOLE_FOLDER = 'the policy folder';
const NO_FOLDER: PolicyFolder = { policies: [], problems: [], mark: '' };

/** The policies that stand: those that were applied, and those that lie as files in the worker's folder. A file wins over what was applied under its name. */
export class PolicyShelf {
  #folder = NO_FOLDER;
  #applied: readonly StandingPolicy[] = [];
  #withdrawn: ReadonlySet<string> = new Set();
  #problems: PolicyFolder['problems'] = [];
  #unreadable: PolicyFolder['problems'] = [];
  #byName: ReadonlyMap<string, StandingPolicy> = new Map();
  #position = 0;
  readonly #known: KnownFiles;

  constructor(private readonly parts: { readonly dataSource: DataSource; readonly policyDir: string; readonly log: Logger }) {
    this.#known = new KnownFiles(parts.dataSource);
  }

  /** Looks whether anything changed, and reads it then. */
  async read(): Promise<void> {
    const look = await lookAtFolder(this.parts.policyDir);
    if (this.#folder === NO_FOLDER || look.mark !== this.#folder.mark) this.#folder = await this.#readFolder(look);
    else if ((await this.#newestPosition()) === this.#position) return;
    this.#arrange(await newestApplied(this.parts.dataSource));
  }

  policies(): StandingPolicy[] {
    return [...this.#byName.values()];
  }
  policy(name: string): StandingPolicy | undefined {
    return this.#byName.get(name);
  }
  retention(name: string): RetentionPolicy | undefined {
    const found = this.#byName.get(name);
    return found?.kind === 'retention' ? found : undefined;
  }
  problems(): PolicyFolder['problems'] {
    return this.#problems;
  }
  /** False while something that may have been a hold cannot be read. */
  get isWhole(): boolean {
    return this.#folder.problems.length === 0 && this.#unreadable.length === 0;
  }
  /** True when a person took the policy back: what it held is free, whatever else cannot be read. */
  wasWithdrawn(name: string): boolean {
    return this.#withdrawn.has(name);
  }
  /** The newest change that this instance knows. */
  get position(): number {
    return this.#position;
  }
  /** Changes whenever a policy does. */
  get mark(): string {
    return `${this.#position}\n${this.#folder.mark}`;
  }

  async #readFolder(look: FolderLook): Promise<PolicyFolder> {
    const { policyDir, log } = this.parts;
    const why = await this.#known.whyAway(look, policyDir);
    if (why !== null) {
      log.error({ folder: policyDir }, why);
      return { policies: [], problems: [{ file: WHOLE_FOLDER, line: 1, path: '', message: why }], mark: look.mark };
    }
    const folder = await readPolicyFolder(policyDir, look);
    for (const { file, line, message } of folder.problems) log.warn({ file, line }, `a policy is not used: ${message}`);
    return folder;
  }

  async #newestPosition(): Promise<number> {
    const [row] = await this.parts.dataSource.query<{ newest: string | null }[]>(`SELECT max(position) AS newest FROM rotation.applied_policy`);
    return Number(row?.newest ?? 0);
  }

  #arrange(rows: readonly AppliedRow[]): void {
    this.#position = Math.max(0, ...rows.map(({ position }) => Number(position)));
    this.#withdrawn = new Set(rows.filter(({ withdrawn }) => withdrawn).map(({ name }) => name));
    const unreadable: { file: string; line: number; path: string; message: string }[] = [];
    this.#applied = rows.filter(({ withdrawn }) => !withdrawn).flatMap((row): StandingPolicy[] => {
      const parsed = parsePolicies(row.text);
      if (parsed.ok) return parsed.value.map((policy) => ({ ...policy, text: row.text, origin: 'applied', since: row.at }));
      // A version of before may have permitted what this one does not.
      unreadable.push(...parsed.error.map(({ line, path, message }) => ({ file: `applied: ${row.name}`, line, path, message: message.slice(0, 500) })));
      return [];
    });
    this.#unreadable = unreadable;
    const inFiles = new Set(this.#folder.policies.map(({ name }) => name));
    const shadowed = this.#applied.filter(({ name }) => inFiles.has(name)).map(({ name }) => ({ file: `applied: ${name}`, line: 1, path: 'name', message: `a file of the folder has a policy called ${name}: the file counts` }));
    this.#problems = [...this.#folder.problems, ...unreadable, ...shadowed];
    const standing = [...this.#applied.filter(({ name }) => !inFiles.has(name)), ...this.#folder.policies.map((policy) => ({ ...policy, origin: 'file' as const, since: null }))];
    this.#byName = new Map(standing.map((policy) => [policy.name, policy]));
  }
}
