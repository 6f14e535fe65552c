import type { DocumentPath } from '@mailwarden/strict-yaml';

/** A mistake that the form alone does not show. */
export interface Mistake {
  readonly path: DocumentPath;
  readonly message: string;
  readonly advice: string;
}
