import type { Chance } from '../chance.js';
import { logRow } from '../database/log-rows.js';
import type { LogTable } from '../database/product-tables.js';
import type { PreparedServer } from '../prepare/prepare-server.js';
import type { Stream } from './stream.js';

/** Rows between two counts of the table. */
const COUNT_EVERY_ROWS = 300;
const LOW_SHARE = 0.9;

/** Rows of one of the product's logs, bounded by the product itself. */
export class LogRows implements Stream {
  readonly perMinute: number;
  #sinceCount = COUNT_EVERY_ROWS;

  constructor(
    private readonly server: PreparedServer,
    private readonly table: LogTable,
    private readonly chance: Chance,
  ) {
    this.perMinute = server.truth.rows[table].perMinute;
  }

  async bring(count: number): Promise<void> {
    const { database, truth } = this.server;
    await database.addLogRows(this.table, Array.from({ length: count }, () => logRow(this.table, this.chance, Date.now())));
    this.#sinceCount += count;
    if (this.#sinceCount < COUNT_EVERY_ROWS) return;
    this.#sinceCount = 0;
    const { ceilingRows } = truth.rows[this.table];
    const rows = await database.count(this.table);
    if (rows > ceilingRows) await database.trimOldest(this.table, Math.ceil(rows - ceilingRows * LOW_SHARE));
  }
}
