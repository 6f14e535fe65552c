import type { Chance } from '../chance.js';
import { rawName } from '../mail/hostile-names.js';
import type { PreparedServer } from '../prepare/prepare-server.js';
import { REPORTS_FOLDER } from '../tree/server-tree.js';
import { BoundedFolder } from './bounded-folder.js';
import type { Stream } from './stream.js';

/** Reports that lie as files; their names are bytes, since no row has to hold them. */
export class Reports implements Stream {
  readonly perMinute: number;
  readonly #bounded: BoundedFolder;
  readonly #run = Date.now().toString(36);
  #serial = 0;

  constructor(
    private readonly server: PreparedServer,
    private readonly chance: Chance,
  ) {
    this.perMinute = server.truth.reports.perMinute;
    this.#bounded = new BoundedFolder(server.truth.reports.ceilingBytes, () => server.tree.list(REPORTS_FOLDER));
  }

  bring(count: number): Promise<void> {
    const { tree } = this.server;
    for (let report = 0; report < count; report += 1) {
      this.#serial += 1;
      const text = `<html><body>${'<p>Sample report of the demo fleet.</p>'.repeat(this.chance.integer(20, 400))}</body></html>\n`;
      tree.file(below(rawName(this.chance, 'report-', `${this.#run}-${this.#serial}`, '.html')), text, { mode: 0o640, owner: 'service' });
      this.#bounded.grewBy(text.length);
    }
    for (const { path } of this.#bounded.surplus()) tree.remove(below(path));
    return Promise.resolve();
  }
}

const below = (name: Buffer): Buffer => Buffer.concat([Buffer.from(`${REPORTS_FOLDER}/`), name]);
