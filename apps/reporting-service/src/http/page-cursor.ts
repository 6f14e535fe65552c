import { z } from 'zod';
import { badRequest } from './api-problem.js';

export const PAGE_SIZE = 100;

/** Questions that every long list answers. */
export const pageQuery = z.object({ after: z.string().max(200).optional(), limit: z.coerce.number().int().min(1).max(500).default(PAGE_SIZE) });

/** Where a page ended: the ordering value of its last row and the row's id. */
const cursor = z.tuple([z.iso.datetime(), z.uuid()]);
export interface Cursor {
  readonly at: string;
  readonly id: string;
}

export const writeCursor = (last: { readonly at: string; readonly id: string }): string => Buffer.from(JSON.stringify([last.at, last.id])).toString('base64url');

/** Errors: 400 when the text is not a cursor that this service gave. */
export function readCursor(text: string | undefined): Cursor | null {
  if (text === undefined) return null;
  try {
    const [at, id] = cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    return { at, id };
  } catch {
    throw badRequest('"after" is not a page mark of this list; take it from "next"');
  }
}
