import { NAME_PATTERN, SEVERITIES, type Instant, type ProfileId, type ServerName, type Sha256, type StoreId } from '@mailwarden/kernel';
import { z } from 'zod';

const branded = <T extends string>(pattern: RegExp, message: string) =>
  z
    .string()
    .regex(pattern, message)
    .transform((text) => text as T);

const NAME_MESSAGE = 'must be 1 to 63 characters of a-z, 0-9 and "-"';
export const serverName = branded<ServerName>(NAME_PATTERN, NAME_MESSAGE);
export const storeId = branded<StoreId>(NAME_PATTERN, NAME_MESSAGE);
export const profileId = branded<ProfileId>(NAME_PATTERN, NAME_MESSAGE);
export const slug = z.string().regex(NAME_PATTERN, NAME_MESSAGE);
export const sha256Hex = branded<Sha256>(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');
const INSTANT_MESSAGE = 'must be UTC with milliseconds, as 2026-11-24T10:00:00.000Z';
/** A day that no calendar has, as 31 February, is none: each reader would take it for something else. */
const isOnCalendar = (text: string): boolean => {
  const at = new Date(text);
  return !Number.isNaN(at.getTime()) && at.toISOString() === text;
};
export const instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/, INSTANT_MESSAGE)
  .refine(isOnCalendar, INSTANT_MESSAGE)
  .transform((text) => text as Instant);
export const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'must be a UUID');
export const severity = z.enum(SEVERITIES);
/** Units: whole, not negative. */
export const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** A sentence that a person reads; bounded so that no message grows without end. */
export const sentence = z.string().max(500);
/** A label key or value of a server, as `role` or `mx`. */
export const labelText = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, 'must be 1 to 63 letters, digits, "_", "." or "-"');
export const labels = z.record(labelText, labelText);
export type Labels = z.output<typeof labels>;

/** A measured value, or why there is none. */
export const measured = <T extends z.ZodType>(value: T) =>
  z.union([
    z.object({ known: z.literal(true), value, source: z.string().max(300).optional() }),
    z.object({ known: z.literal(false), reason: sentence }),
  ]);
