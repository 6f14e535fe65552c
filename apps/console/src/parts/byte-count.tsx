import { formatByteCount } from '@mailwarden/kernel';
import { exactBytes } from '../format/quantity.js';

/** A size for reading; the exact one on hover. */
export function ByteCount({ bytes }: { readonly bytes: number }) {
  return <span title={exactBytes(bytes)} style={{ whiteSpace: 'nowrap' }}>{formatByteCount(bytes)}</span>;
}
