import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** Lets a script import the workspace's own sources, so that it needs no build and never runs on a stale one. */
registerHooks({
  resolve(specifier, context, next) {
    const conditions = [...new Set(['@mailwarden/source', ...(context.conditions ?? [])])];
    if (!specifier.startsWith('.') || !specifier.endsWith('.js') || context.parentURL === undefined) return next(specifier, { ...context, conditions });
    const source = new URL(`${specifier.slice(0, -3)}.ts`, context.parentURL);
    return existsSync(source) ? { url: source.href, format: 'module', shortCircuit: true } : next(specifier, { ...context, conditions });
  },
  load(url, context, next) {
    if (!/^file:.*\.ts$/.test(url)) return next(url, context);
    const { outputText } = ts.transpileModule(readFileSync(fileURLToPath(url), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2024, experimentalDecorators: true, emitDecoratorMetadata: true, verbatimModuleSyntax: true },
    });
    return { format: 'module', source: outputText, shortCircuit: true };
  },
});
