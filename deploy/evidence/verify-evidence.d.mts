/** What the verifier of one file exports for suites; an auditor runs it. */
export interface OneFileVerdict {
  readonly holds: boolean;
  readonly problems: readonly { readonly line: number; readonly code: string; readonly message: string }[];
  readonly notes: readonly string[];
  readonly continues: number | null;
}
export interface KeptOfOneFile {
  readonly heads: readonly unknown[];
  readonly stamps: readonly { readonly imprint: string; readonly at: string }[];
}
export function checkPack(lines: Iterable<Uint8Array>, known?: unknown, kept?: KeptOfOneFile): OneFileVerdict;
export function keptFrom(bytes: Uint8Array): KeptOfOneFile | null;
