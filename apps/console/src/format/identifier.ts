const KEPT = 8;

/** An id short enough for a row; the whole of it is shown on hover and copied. */
export const shortId = (id: string): string => (id.length > KEPT + 4 ? id.slice(0, KEPT) : id);

/** `over-limit` as a heading: `Over limit`. */
export function sentenceCase(slug: string): string {
  const words = slug.replaceAll(/[-_.]/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
