import type { BytePath } from '@mailwarden/inventory';
import type { ToolItem } from '../journal/journal.js';
import type { PlannedFile } from '../files/item-window.js';
import { pathOf } from '../files/plan-files.js';

export const decoded = (text: string): BytePath => Buffer.from(text, 'base64').toString('latin1');
const encoded = (path: BytePath): string => Buffer.from(path, 'latin1').toString('base64');

/** A found file as the journal names it. */
export const toolItemOf = (item: PlannedFile): ToolItem => ({ path: encoded(pathOf(item)), dev: item.dev, ino: item.ino, size: item.size, mtimeMs: item.mtimeMs, bytes: item.bytes });
