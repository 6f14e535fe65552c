/** One policy of a text, and where it begins there. */
export interface PolicyDocument {
  readonly text: string;
  /** Number of its first line in the whole text, from 1. */
  readonly line: number;
}

/** Starts a document of its own. Source: YAML 1.2.2, 9.1.4. */
const MARKER = /^---(?:\s.*)?$/;
const SAYS_NOTHING = /^\s*(?:#.*)?$/;

/** The policies of a text that holds several, separated by `---`; parts that hold nothing but comments are none. The API takes them one by one, so that each keeps its own history. */
export function policyDocuments(text: string): PolicyDocument[] {
  const documents: PolicyDocument[] = [];
  let part: string[] = [];
  let line = 1;
  const close = (next: number): void => {
    if (!part.every((row) => SAYS_NOTHING.test(row))) documents.push({ text: `${part.join('\n').trimEnd()}\n`, line });
    part = [];
    line = next;
  };
  const rows = text.split(/\r?\n/);
  for (const [index, row] of rows.entries()) {
    if (MARKER.test(row)) close(index + 2);
    else part.push(row);
  }
  close(rows.length);
  return documents;
}
