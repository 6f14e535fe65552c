import { appendFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Chance } from '../chance.js';
import { traceLines } from '../mail/trace-lines.js';
import type { PreparedServer } from '../prepare/prepare-server.js';
import { TRACE_FOLDER } from '../tree/server-tree.js';
import { BoundedFolder } from './bounded-folder.js';
import type { Stream } from './stream.js';

const ACTIVE = `${TRACE_FOLDER}/klms-trace.log`;
const GENERATION = /^klms-trace\.log\.(\d+)(?:\.gz)?$/;
const FILE = { mode: 0o640, owner: 'service' } as const;
/** Each third generation is packed, so that both kinds lie there. */
const PACK_EVERY = 3;
const pack = promisify(gzip);

/**
 * The trace log with its generations. Numbers only grow and no file is renamed twice: a rotation never meets a name that moved on to another file.
 */
export class TraceLog implements Stream {
  readonly perMinute: number;
  readonly #bounded: BoundedFolder;

  constructor(
    private readonly server: PreparedServer,
    private readonly chance: Chance,
  ) {
    this.perMinute = server.truth.trace.linesPerMinute;
    this.#bounded = new BoundedFolder(server.truth.trace.ceilingBytes, () => server.tree.list(TRACE_FOLDER).filter(({ path }) => GENERATION.test(path.toString('latin1'))));
  }

  async bring(count: number): Promise<void> {
    const { tree, truth } = this.server;
    appendFileSync(tree.full(ACTIVE), traceLines(this.chance, count, Date.now()), { mode: FILE.mode });
    if (statSync(tree.full(ACTIVE)).size < truth.trace.generationBytes) return;
    await this.#turnOver();
    for (const { path } of this.#bounded.surplus()) tree.remove(Buffer.concat([Buffer.from(`${TRACE_FOLDER}/`), path]));
  }

  async #turnOver(): Promise<void> {
    const { tree, truth } = this.server;
    const numbers = tree.list(TRACE_FOLDER).map(({ path }) => Number(GENERATION.exec(path.toString('latin1'))?.[1] ?? 0));
    const number = Math.max(0, ...numbers) + 1;
    const generation = `${ACTIVE}.${number}`;
    tree.rename(ACTIVE, generation);
    tree.file(ACTIVE, '', FILE);
    this.#bounded.grewBy(truth.trace.generationBytes);
    if (number % PACK_EVERY !== 0) return;
    const { mtimeMs } = await stat(tree.full(generation));
    tree.file(`${generation}.gz`, await pack(await readFile(tree.full(generation))), { ...FILE, atMs: mtimeMs });
    tree.remove(generation);
  }
}
