import { carryOutOrder } from './carry-out-order.js';
import { EXECUTOR_SETTINGS_VARIABLE, loadExecutorSettings } from './executor-settings.js';

/** A larger order is none of ours. Units: bytes. */
const ORDER_BYTES_MAX = 262_144;
const NO_RECEIPT = 2;

async function readOrder(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > ORDER_BYTES_MAX) throw new Error(`the order has more than ${ORDER_BYTES_MAX} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

// One order in, one signed receipt out: nothing else is ever printed on standard output.
try {
  const settings = await loadExecutorSettings(process.env[EXECUTOR_SETTINGS_VARIABLE]);
  process.stdout.write(`${JSON.stringify(await carryOutOrder(await readOrder(), settings))}\n`);
} catch (cause) {
  process.stderr.write(`rotation-executor: ${cause instanceof Error ? cause.message : 'failed'}\n`);
  process.exitCode = NO_RECEIPT;
}
