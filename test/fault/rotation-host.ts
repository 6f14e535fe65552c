import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SIGNING_CONTEXTS, type Receipt, type RotationOrder, type SignedReceipt } from '@mailwarden/contracts';
import { generateSigningKey } from '@mailwarden/identity';
import { PRIVATE_FOLDER_PREFIX } from '@mailwarden/inventory-fs';
import { instantOf, signDocument, signerFromPem, verifySignature } from '@mailwarden/kernel';

export const FILE_BYTES = 4096;
const ORDER_LIFE_MS = 600_000;
const FIRST_AT_S = 1_600_000_000;
const CHILD = fileURLToPath(new URL('executor-child.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../../scripts/from-source.mjs', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));

/** A tree that stands for one mail server, with an executor of its own and a worker that signs for it. */
export class RotationHost {
  readonly dir = mkdtempSync(join(tmpdir(), 'mailwarden-fault-'));
  readonly root = join(this.dir, 'root');
  readonly store = join(this.root, 'var/opt/kaspersky/klms/backup');
  readonly journalDir = join(this.dir, 'journal');
  readonly #worker = generateSigningKey();
  readonly #executor = generateSigningKey();
  readonly #settings = join(this.dir, 'executor.json');

  constructor(database?: { port: number; user: string; passwordFile: string }) {
    mkdirSync(this.store, { recursive: true });
    const write = (name: string, text: string): string => {
      writeFileSync(join(this.dir, name), text, { mode: 0o600 });
      return join(this.dir, name);
    };
    const [trust, signingKey, hashKeyFile] = [write('trust.json', JSON.stringify({ schema: 'mailwarden/trust/v1', rotation: this.#worker.publicKey, consent: this.#worker.publicKey, reporting: this.#worker.publicKey })), write('key.pem', this.#executor.pem), write('hash-key', 'key')];
    write('executor.json', JSON.stringify({ server: 'mx-1', root: this.root, trust, signingKey, profileDirs: [], journalDir: this.journalDir, hashKeyFile }));
    if (database === undefined) return;
    const place = `{ host: 127.0.0.1, port: ${database.port}, name: postgres, user: ${database.user}, password-file: /etc/mailwarden/password }`;
    mkdirSync(join(this.root, 'etc/mailwarden'), { recursive: true });
    copyFileSync(database.passwordFile, join(this.root, 'etc/mailwarden/password'));
    writeFileSync(join(this.root, 'etc/mailwarden/host.yaml'), `schema: mailwarden/host/v1\ndatabases: { backup: ${place}, events: ${place} }\n`, { mode: 0o600 });
  }

  /** Files in a few folders, the first the oldest. Shape: paths below the store. */
  fill(store: string, count: number, folders = 7): string[] {
    return Array.from({ length: count }, (_, index) => {
      const name = `${index % folders}/${index % 5 === 0 ? `nä me'${index}` : `letter-${index}`}`;
      mkdirSync(join(store, String(index % folders)), { recursive: true });
      writeFileSync(join(store, name), Buffer.alloc(FILE_BYTES, index));
      utimesSync(join(store, name), FIRST_AT_S + index, FIRST_AT_S + index);
      return name;
    });
  }

  /** All that lies below a folder of the host, our own folders among it. */
  static filesBelow(folder: string): string[] {
    return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();
  }

  /** Folders of our own that were left in a store. */
  static foldersOfOurs(store: string): string[] {
    return readdirSync(store).filter((name) => name.startsWith(PRIVATE_FOLDER_PREFIX));
  }

  order(store: string, part: Partial<RotationOrder>): RotationOrder {
    const now = Date.now();
    return { schema: 'mailwarden/rotation-order/v1', id: randomUUID(), server: 'mx-1', profile: 'kaspersky-klms-8', store, policy: { name: 'cap', version: '0'.repeat(64) }, watermarks: [], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: { items: 1e6, bytes: 1e12, percent: 100, deadlineSeconds: 60 }, holds: [], issuedAt: instantOf(now), expiresAt: instantOf(now + ORDER_LIFE_MS), ...part } as RotationOrder;
  }

  /** Runs the executor in a process of its own; null where it was killed or could give no account. Errors: throws when the receipt is not signed by the executor. */
  async execute(order: RotationOrder, kill?: { step: string; times: number }): Promise<Receipt | null> {
    const file = join(this.dir, `${order.id}.json`);
    writeFileSync(file, JSON.stringify(signDocument(signerFromPem(this.#worker.pem), SIGNING_CONTEXTS.order, order)));
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', LOADER, CHILD, this.#settings, file, kill?.step ?? '', String(kill?.times ?? 0)], { cwd: HERE, env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => child.once('close', (code, signal) => resolve([code, signal])));
    if (kill !== undefined && signal !== 'SIGKILL') throw new Error(`the executor never came to the step ${kill.step}: ${complaint}`);
    if (code !== 0) return null;
    const receipt = JSON.parse(output) as SignedReceipt;
    if (!verifySignature(this.#executor.publicKey, SIGNING_CONTEXTS.receipt, receipt.payload, receipt.signature)) throw new Error('the receipt is not signed by the executor');
    return receipt.payload;
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
