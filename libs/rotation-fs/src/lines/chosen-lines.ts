import { nameFrom, namedAs } from '../logs/log-work.js';
import type { FilePlace } from '../logs/store-file.js';
import type { ChosenLines } from './line-record.js';
import type { PlannedLines } from './plan-lines.js';

/** A planned file as the journal names it, and where the file that it names lies. */
export const chosenLines = ({ file, records, bytes, stretches, behind, marks }: PlannedLines): ChosenLines => ({ root: namedAs(file.root), folder: namedAs(file.folder), name: namedAs(file.name), dev: file.dev, ino: file.ino, bornMs: file.bornMs, size: file.size, mtimeMs: file.mtimeMs, records, bytes, stretches, behind, marks });
export const placeOf = ({ root, folder, name }: Pick<ChosenLines, 'root' | 'folder' | 'name'>): FilePlace => ({ root: nameFrom(root), folder: nameFrom(folder), name: nameFrom(name) });
