/** An expected outcome: a value, or an error that the caller must look at. Exceptions are kept for defects and dead dependencies. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
export const err = <E>(error: E): { readonly ok: false; readonly error: E } => ({ ok: false, error });

/**
 * A measured value, or the reason why there is none. "Unknown" is never shown as good.
 * `source` names what was read (a file and key, a relation, a kernel file), never personal data.
 */
export type Measured<T> =
  | { readonly known: true; readonly value: T; readonly source?: string | undefined }
  | { readonly known: false; readonly reason: string };

export const known = <T>(value: T, source?: string): Measured<T> =>
  source === undefined ? { known: true, value } : { known: true, value, source };
export const unknown = (reason: string): { readonly known: false; readonly reason: string } => ({ known: false, reason });
