import { err, ok, suggestionFor, type Result } from '@mailwarden/kernel';
import { z } from 'zod';
import type { DocumentPath, Problem } from './problem.js';
import { problemAt, type StrictDocument } from './read-strict-yaml.js';

const FORM = 'the form is described in docs/reference, profiles.md and policies.md';

function knownKeysAt(schema: unknown, path: DocumentPath): string[] {
  let current: unknown = schema;
  for (const part of [...path, null]) {
    current = unwrapped(current);
    if (part === null) break;
    if (current instanceof z.ZodArray) current = current.element;
    else if (current instanceof z.ZodRecord) current = current.valueType;
    else if (current instanceof z.ZodObject) current = (current.shape as Record<string, unknown>)[String(part)];
    else return [];
  }
  return current instanceof z.ZodObject ? Object.keys(current.shape as object) : [];
}

function unwrapped(schema: unknown): unknown {
  let current = schema;
  while (current instanceof z.ZodOptional || current instanceof z.ZodNullable || current instanceof z.ZodDefault || current instanceof z.ZodPipe) current = current instanceof z.ZodPipe ? current.in : current.unwrap();
  return current;
}

function explain(issue: z.core.$ZodIssue, schema: unknown, document: StrictDocument): Problem[] {
  const path = issue.path as DocumentPath;
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeysAt(schema, path);
    return issue.keys.map((key) => {
      const meant = suggestionFor(key, known);
      const advice = meant !== undefined ? `did you mean "${meant}"?` : known.length > 0 ? `known here: ${known.join(', ')}` : FORM;
      return problemAt(document, [...path, key], `"${key}" is not known here`, advice);
    });
  }
  if (issue.code === 'invalid_union') {
    const closest = [...issue.errors].sort((a, b) => depthOf(b) - depthOf(a))[0] ?? [];
    const inner = closest.flatMap((nested) => explain({ ...nested, path: [...issue.path, ...nested.path] } as z.core.$ZodIssue, schema, document));
    if (inner.length > 0) return inner;
  }
  const key = path.at(-1);
  if (issue.code === 'invalid_type' && typeof key === 'string' && issue.message.endsWith('received undefined')) {
    return [problemAt(document, path, `"${key}" is missing`, `add ${key}: with ${issue.expected === 'array' ? 'a list' : issue.expected === 'object' || issue.expected === 'record' ? 'its members below it' : `a ${issue.expected}`}`)];
  }
  return [problemAt(document, path, issue.message.replace(/^Invalid input: /, ''), FORM)];
}

const depthOf = (issues: readonly z.core.$ZodIssue[]): number => Math.max(0, ...issues.map((issue) => issue.path.length));

/** Checks a document's form. Errors: every violation with its place, and "did you mean" for keys that are not known. */
export function checkAgainst<S extends z.ZodType>(schema: S, document: StrictDocument): Result<z.output<S>, Problem[]> {
  const parsed = schema.safeParse(document.value);
  return parsed.success ? ok(parsed.data) : err(parsed.error.issues.flatMap((issue) => explain(issue, schema, document)));
}
