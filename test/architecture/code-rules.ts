import ts from 'typescript';
import type { SourceFile } from './source-files.js';

/** A line that breaks a rule, with what to do instead. */
export interface Breach {
  readonly rule: RuleName;
  readonly where: string;
  readonly what: string;
}

export type RuleName = 'pure-without-ambience' | 'deletes-by-allow-list' | 'no-loose-types' | 'file-size' | 'file-name';

export const ADVICE: Readonly<Record<RuleName, string>> = {
  'pure-without-ambience': 'a pure library takes the clock, chance and settings as arguments',
  'deletes-by-allow-list': 'only rotation-fs and the named owners of their own files may remove, rename or truncate',
  'no-loose-types': 'say what the type is, or parse the value at the edge',
  'file-size': 'split the file by what its parts are about',
  'file-name': 'name the file after the thing it holds, in kebab-case',
};

const LINES_MAX = 600;
const PURE = /^libs\/(?:kernel|strict-yaml|contracts|catalogue|policy|inventory|assessment|rotation|rotation-rules|consent|ledger|siem-formats)\/src\//;
const SPEC = /\.spec\.tsx?$/;

/** Owners of files of their own; nothing here but `rotation-fs` ever touches user data. */
const MAY_DELETE = [
  /^libs\/rotation-fs\/src\//,
  /^libs\/messaging\/src\/spool\//,
  /^libs\/inventory-fs\/src\/memory\/memory-file\.ts$/,
  /^libs\/(?:identity|testing|local-postgres)\/src\//,
  /^libs\/config\/src\/state-file\.ts$/,
  /^apps\/rotation-executor\/src\//,
  /^apps\/egress-keeper\/src\/desk\.ts$/,
  /^apps\/(?:cli\/src\/runtime|demo-fleet\/src)\//,
  /^apps\/reporting-service\/src\/sign-in\//,
];
const DELETING = new Set(
  ['unlink', 'rm', 'rmdir', 'rename', 'truncate', 'ftruncate'].flatMap((name) => [name, `${name}Sync`]),
);
const VAGUE = /(?:^|[-/])(?:utils?|helpers?|common|misc|types|manager|base)\.tsx?$/;

function ambienceOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const text = `${node.expression.getText()}.${node.name.text}`;
    if (['Date.now', 'Math.random', 'performance.now', 'process.env', 'crypto.randomUUID', 'process.hrtime'].includes(text)) return text;
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0) return 'new Date()';
  if (ts.isCallExpression(node) && ['setTimeout', 'setInterval', 'randomBytes', 'randomUUID'].includes(node.expression.getText())) {
    return `${node.expression.getText()}()`;
  }
  return undefined;
}

/** Names that a file imports from `node:fs`, so that a call of `rename` on something else is not taken for one. */
function importedFromFs(file: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    if (!/^(?:node:)?fs(?:\/promises)?$/.test(statement.moduleSpecifier.text)) continue;
    const bindings = statement.importClause?.namedBindings;
    if (bindings !== undefined && ts.isNamedImports(bindings)) {
      for (const element of bindings.elements) names.add((element.propertyName ?? element.name).text);
    } else {
      for (const name of DELETING) names.add(name);
    }
  }
  return names;
}

function deletionOf(node: ts.Node, imported: ReadonlySet<string>): string | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const name = ts.isPropertyAccessExpression(node.expression) ? node.expression.name.text : node.expression.getText();
  return DELETING.has(name) && imported.has(name) ? `${name}()` : undefined;
}

/** Checks one file against every rule. */
export function breachesOf({ path, text }: SourceFile): Breach[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: Breach[] = [];
  const add = (rule: RuleName, node: ts.Node | undefined, what: string): void => {
    const line = node === undefined ? 1 : file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    found.push({ rule, where: `${path}:${line}`, what: `${what}: ${ADVICE[rule]}` });
  };
  const pure = PURE.test(path) && !SPEC.test(path);
  const mayDelete = SPEC.test(path) || !/^(?:libs|apps)\//.test(path) || MAY_DELETE.some((pattern) => pattern.test(path));
  const imported = importedFromFs(file);
  const lines = text.split('\n').length - 1;
  if (lines >= LINES_MAX) add('file-size', undefined, `${lines} lines, a file stays below ${LINES_MAX}`);
  if (VAGUE.test(path) || !/^[a-z0-9.-]+$/.test(path.split('/').at(-1) ?? '')) add('file-name', undefined, path);
  if (/@ts-(?:ignore|expect-error|nocheck)/.test(text)) add('no-loose-types', undefined, 'a switched-off check');
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) add('no-loose-types', node, '`any`');
    const ambience = pure ? ambienceOf(node) : undefined;
    if (ambience !== undefined) add('pure-without-ambience', node, ambience);
    const deletion = mayDelete ? undefined : deletionOf(node, imported);
    if (deletion !== undefined) add('deletes-by-allow-list', node, deletion);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
