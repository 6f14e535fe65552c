import type { RotationRule } from '@mailwarden/contracts';
import { logOwners } from '@mailwarden/inventory-fs';
import type { RotateRequest } from '../rotate-request.js';
import { pathOf, type StoreFile } from './store-file.js';

/** As many as a receipt holds, with room for what is told besides. */
const NOTES_MAX = 6;
const NOTE_MAX = 500;

/** Logs that are being written, by who sets them aside. */
export interface Ownership {
  /** Nobody else does. */
  readonly ours: readonly StoreFile[];
  /** Who owns which rotation, each with file and line of its rule. */
  readonly notes: readonly string[];
  /** True where logrotate works on files of this store, so that we must not work at the same time. */
  readonly sharedWithLogrotate: boolean;
}

const setsAside = ({ tool }: RotationRule): boolean => tool !== 'tmpfiles';
/** What follows for us from a rule of another program: logs are left to it, lines are trimmed beside it. */
export type Consequence = 'not set aside a second time' | 'trimmed all the same';
const toolNote = ({ tool, source, says }: RotationRule, consequence: Consequence): string => `${tool} rotates what is being written here by ${source} (${says}): it is ${consequence}`;
const cleaningNote = ({ source, says }: RotationRule): string => `tmpfiles cleans here by ${source} (${says})`;

/** Says of the logs that are being written who sets them aside. A log that another program rotates is never ours; where a rule could not be read, nobody knows whose it is, and it is not ours either. */
export async function ownershipOf(request: RotateRequest, files: readonly StoreFile[], consequence: Consequence = 'not set aside a second time'): Promise<Ownership> {
  const { rulesOf, unread } = await logOwners(request.host);
  const rules = new Map(files.map((file) => [file, rulesOf(pathOf(file))]));
  const active = files.filter(({ isActive }) => isActive);
  const owned = active.filter((file) => rules.get(file)?.some(setsAside) === true);
  const notes = new Set([...rules.values()].flat().map((rule) => (setsAside(rule) ? toolNote(rule, consequence) : cleaningNote(rule))));
  const free = active.filter((file) => !owned.includes(file));
  if (free.length > 0 && unread.length > 0) notes.add(`${unread[0] ?? ''} could not be read, and may rotate what is being written here: it is ${consequence}`);
  const sharedWithLogrotate = [...rules.values()].flat().some(({ tool }) => tool === 'logrotate');
  return { ours: unread.length > 0 ? [] : free, notes: [...notes].map((note) => note.slice(0, NOTE_MAX)).slice(0, NOTES_MAX), sharedWithLogrotate };
}
