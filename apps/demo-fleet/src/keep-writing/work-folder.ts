import type { Chance } from '../chance.js';
import { composeMail, letterBytes } from '../mail/compose-mail.js';
import { rawName } from '../mail/hostile-names.js';
import type { PreparedServer } from '../prepare/prepare-server.js';
import type { Stream } from './stream.js';

/** A message is in processing for so long. Units: milliseconds. */
const PROCESSING_MS = 2_500;
const IN_PROCESSING_MAX = 12;
const MEAN_BYTES = 20_000;
const BEGIN = 'filter-';
/** The kernel tells a process's start only to the second: files of the first moments could look older than their service. Units: milliseconds. */
const AFTER_START_MS = 3_000;
const PER_MINUTE = 60;

/** Messages in processing: they come, and go when the product is done with them. */
export class WorkFolder implements Stream {
  readonly perMinute = PER_MINUTE;
  readonly #inProcessing: { readonly path: Buffer; readonly untilMs: number }[] = [];
  readonly #startedMs = Date.now();
  #serial = 0;

  constructor(
    private readonly server: PreparedServer,
    private readonly chance: Chance,
  ) {}

  /** The product removes what it had in processing when it starts. Older leftovers, which are not its own, stay. */
  clear(): void {
    const { path: folder } = this.server.truth.workFolder;
    for (const { path } of this.server.tree.list(folder)) if (path.toString('latin1').startsWith(BEGIN)) this.server.tree.remove(this.#below(path));
  }

  bring(count: number): Promise<void> {
    const nowMs = Date.now();
    while ((this.#inProcessing[0]?.untilMs ?? Infinity) <= nowMs) {
      const done = this.#inProcessing.shift();
      if (done !== undefined) this.server.tree.remove(done.path);
    }
    for (let message = 0; message < count && this.#inProcessing.length < IN_PROCESSING_MAX && nowMs - this.#startedMs > AFTER_START_MS; message += 1) {
      this.#serial += 1;
      const path = this.#below(rawName(this.chance, BEGIN, `${process.pid}-${this.#serial}`, '.part'));
      this.server.tree.file(path, composeMail(this.chance, { bytes: letterBytes(this.chance, MEAN_BYTES), atMs: nowMs }).bytes, { mode: 0o600, owner: 'service' });
      this.#inProcessing.push({ path, untilMs: nowMs + PROCESSING_MS });
    }
    return Promise.resolve();
  }

  #below(name: Buffer): Buffer {
    return Buffer.concat([Buffer.from(`${this.server.truth.workFolder.path}/`), name]);
  }
}
