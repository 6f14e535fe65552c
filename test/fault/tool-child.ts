import type { ProductTool } from '@mailwarden/catalogue';
import { QueueStore } from './queue-store.js';

/** One order on a queue whose product has a tool; whoever started this ends it while the tool works. */
const { place, tool, order } = JSON.parse(process.argv[2] ?? '') as { place: string; tool: ProductTool; order: string };
process.stdout.write(JSON.stringify(await new QueueStore(place).rotate(tool, order)));
