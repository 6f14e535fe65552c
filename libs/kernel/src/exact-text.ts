/** The text of some bytes, such that it is these bytes again in UTF-8: a mark at its beginning stays. Null where they are no UTF-8. */
export function exactText(bytes: Uint8Array | ArrayBuffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
