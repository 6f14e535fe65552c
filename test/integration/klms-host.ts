import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { HostSettings } from '@mailwarden/catalogue';
import { startPostgres, type RunningPostgres } from '@mailwarden/testing';
import { Client } from 'pg';
import { CREATE_TABLES } from '../../apps/demo-fleet/src/database/product-tables.js';

export const AS_ROOT = process.getuid?.() === 0 && existsSync('/usr/bin/setpriv');
const SERVICE_UID = AS_ROOT ? 60_640 : (process.getuid?.() ?? 0);
export const WATCHER_UID = 60_001;
export const KLMS = '/var/opt/kaspersky/klms';
export const DOCUMENTS = '/opt/kaspersky/klms/share/doc';
const HOUR_MS = 3_600_000;
const SETTINGS = { enableDumps: 'no', traceLevel: 'info', traceDestination: 'file', eventLogMaxRecords: '1000000', auditLogMaxRecords: '1000000', backupMaxSizeMb: '1000', aspQuarantineMaxSizeMb: '1000', kataQuarantineMaxSizeMb: '1000', ksnMode: 'off', licenceStatus: 'active', licenceType: 'commercial', licenceExpiresAt: new Date(Date.now() + 200 * 24 * HOUR_MS).toISOString() };
const INSTALLER = { PRODUCT_VERSION: '8.0.3.30', EULA_AGREED: 'yes', EULA_AGREED_VER: '2023-06', KSN_AGREED: 'no' };
export const TEXTS = { eula: 'license.en', 'privacy-policy': 'privacy_policy.en', 'ksn-statement': 'ksn_agreement.en', 'supplementary-ksn-statement': 'ksn_supplementary.en' } as const;
const FOLDERS = ['/etc/opt/kaspersky', '/etc/opt/kaspersky/klms', '/var/opt/kaspersky', KLMS, '/var/log/kaspersky', ...['backup', 'asp_quarantine', 'kata_quarantine', 'reports'].map((name) => `${KLMS}/${name}`), '/var/log/kaspersky/klms', '/tmp/klmstmp', '/tmp/klms_filter'];
const PAIRS = [['backup', 'backup'], ['asp_quarantine', 'asp_quarantine'], ['kata_quarantine', 'kata_quarantine']] as const;

type Changes = Readonly<Record<string, string | null>>;
const lines = (values: Changes): string => Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [`${key}=${value}\n`])).join('');

/** A mail server with the product as it should be: a real tree with real owners, a real database, a running service. */
export class KlmsHost {
  root = '';
  #settings: Changes = SETTINGS;
  #installer: Changes = INSTALLER;
  readonly #running: ChildProcessWithoutNullStreams[] = [];

  private constructor(
    private readonly postgres: RunningPostgres,
    readonly sql: Client,
  ) {}

  static async start(): Promise<KlmsHost> {
    const postgres = await startPostgres();
    const sql = new Client({ host: '127.0.0.1', port: postgres.port, user: postgres.superuser, database: 'postgres', password: readFileSync(postgres.passwordFile, 'utf8').trim() });
    await sql.connect();
    await sql.query(CREATE_TABLES);
    return new KlmsHost(postgres, sql);
  }

  get settings(): HostSettings {
    const place = { host: '127.0.0.1', port: this.postgres.port, name: 'postgres', user: this.postgres.superuser, passwordFile: this.postgres.passwordFile };
    return { databases: { statistics: place, events: place, backup: place }, kernel: 'this' };
  }

  /** Lays everything out anew, in order. */
  async layOut(): Promise<void> {
    this.#clear();
    this.root = mkdtempSync(join(tmpdir(), 'mailwarden-klms-'));
    chmodSync(this.root, 0o755);
    mkdirSync(join(this.root, 'tmp'));
    chmodSync(join(this.root, 'tmp'), 0o1777);
    for (const folder of FOLDERS) this.folder(folder);
    this.put('/etc/passwd', `root:x:0:0::/root:/bin/sh\nkluser:x:${SERVICE_UID}:${SERVICE_UID}::/:/bin/false\nwatcher:x:${WATCHER_UID}:${WATCHER_UID}::/:/bin/false\n`, { mode: 0o644, root: true });
    this.put('/etc/group', `root:x:0:\nklusers:x:${SERVICE_UID}:kluser\nwatcher:x:${WATCHER_UID}:\n`, { mode: 0o644, root: true });
    this.#settings = SETTINGS;
    this.#installer = INSTALLER;
    this.set({});
    this.installed({});
    this.put('/etc/opt/kaspersky/klms/klms_filters.conf', '[filter]\nlisten=inet:10025@127.0.0.1\n');
    for (const name of Object.values(TEXTS)) this.put(`${DOCUMENTS}/${name}`, `Text of ${name}\n`, { mode: 0o644, root: true });
    this.put(`${KLMS}/reports/week.html`, 'report', { ageHours: 1 });
    this.put('/var/log/kaspersky/klms/klms.log', 'line\n');
    this.put('/var/log/kaspersky/klms/klms.log.1', 'line\n', { ageHours: 1 });
    await this.sql.query('TRUNCATE backup, asp_quarantine, kata_quarantine, event_log, audit_log, statistics');
    for (const [folder, table] of PAIRS) await this.letter(folder, table, 'a.eml', 1, 'letter');
    for (const table of ['event_log', 'audit_log', 'statistics'] as const) await this.logRows(table, 3, 1);
    await this.serve('ulimit -c 0');
    this.put('/tmp/klms_filter/part', 'in processing');
  }

  folder(path: string, mode = 0o750): void {
    const full = join(this.root, path);
    mkdirSync(full, { recursive: true, mode: 0o755 });
    chmodSync(full, mode);
    if (AS_ROOT) chownSync(full, SERVICE_UID, SERVICE_UID);
  }

  put(path: string, content: string, how: { mode?: number; root?: boolean; ageHours?: number } = {}): string {
    const full = join(this.root, path);
    mkdirSync(dirname(full), { recursive: true, mode: 0o755 });
    writeFileSync(full, content);
    if (AS_ROOT) chownSync(full, how.root === true ? 0 : SERVICE_UID, how.root === true ? 0 : SERVICE_UID);
    chmodSync(full, how.mode ?? 0o640);
    const at = (Date.now() - (how.ageHours ?? 0) * HOUR_MS) / 1000;
    if (how.ageHours !== undefined) utimesSync(full, at, at);
    return full;
  }

  /** A file that really takes its room, made at once. */
  large(path: string, megabytes: number): void {
    execFileSync('/usr/bin/fallocate', ['--length', String(megabytes * 1_000_000), this.put(path, '')]);
  }

  /** Changes keys of settings.conf; null takes one away. */
  set(changes: Changes): void {
    this.#settings = { ...this.#settings, ...changes };
    this.put('/etc/opt/kaspersky/klms/settings.conf', lines(this.#settings));
  }

  /** Changes what the installer wrote down. */
  installed(changes: Changes): void {
    this.#installer = { ...this.#installer, ...changes };
    this.put(`${KLMS}/installer.dat`, lines(this.#installer));
  }

  async letter(folder: string, table: string, name: string, ageHours: number, content: string): Promise<void> {
    this.put(folder.startsWith('/') ? `${folder}/${name}` : `${KLMS}/${folder}/${name}`, content, { ageHours });
    await this.sql.query(`INSERT INTO ${table} (stored_at, file, message_id, sender, recipient, subject, client_ip, size_bytes) VALUES (now() - $2 * interval '1 hour', $1, '', '', '', '', '127.0.0.1', 1)`, [name, ageHours]);
  }

  async logRows(table: 'event_log' | 'audit_log' | 'statistics', count: number, ageHours: number): Promise<void> {
    const more = { event_log: [`severity, event, message_id, sender, recipient, client_ip, subject`, `'', '', '', '', '', '127.0.0.1', ''`], audit_log: ['account, client_ip, action', `'', '127.0.0.1', ''`], statistics: ['messages, infected, spam, bytes, top_sender', `0, 0, 0, 0, ''`] }[table];
    await this.sql.query(`INSERT INTO ${table} (recorded_at, ${more[0]}) SELECT now() - $1 * interval '1 hour', ${more[1]} FROM generate_series(1, ${count})`, [ageHours]);
  }

  /** Starts a service as the product's account, prepared by a script, and names it in the pid file. */
  async serve(script: string): Promise<void> {
    this.put('/var/run/klms/klms.pid', `${await this.run(`${script}; echo ready; exec cat`, SERVICE_UID)}\n`, { mode: 0o644, root: true });
  }

  /** A process that lives until all is laid out anew. */
  async run(script: string, uid: number, capabilities: string | null = null): Promise<number> {
    const as = AS_ROOT ? ['/usr/bin/setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', ...(capabilities === null ? [] : [`--inh-caps=${capabilities}`, `--ambient-caps=${capabilities}`])] : [];
    const [program = '', ...args] = [...as, '/bin/sh', '-c', script];
    const child = spawn(program, args, { cwd: this.root, stdio: 'pipe' });
    this.#running.push(child);
    await new Promise((resolve, reject) => {
      child.stdout.once('data', resolve);
      child.once('exit', () => reject(new Error('the service ended')));
    });
    return child.pid ?? 0;
  }

  async stop(): Promise<void> {
    this.#clear();
    await this.sql.end();
    await this.postgres.stop();
  }

  #clear(): void {
    for (const child of this.#running.splice(0)) child.kill('SIGKILL');
    if (this.root !== '') rmSync(this.root, { recursive: true, force: true });
  }
}
