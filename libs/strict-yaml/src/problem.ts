/** One mistake in a file that a person wrote: where it is, what is wrong and what to do. Lines and columns count from 1. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  /** As `stores[2].limits[0].bytes`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  readonly advice: string;
}

export type DocumentPath = readonly (string | number)[];

export const pathText = (path: DocumentPath): string =>
  path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
