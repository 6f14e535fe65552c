import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'rolldown/utils';
import { __decorate, __metadata, __param } from 'tslib';

/** What the compiler is told for the build, in the words of what vitest itself reads sources with. */
const AS_BUILT = { decorator: { legacy: true, emitDecoratorMetadata: true }, typescript: { onlyRemoveTypeImports: true }, helpers: { mode: 'External' } };

/** Decorated classes call their helpers by these names. */
Object.assign(globalThis, { babelHelpers: { decorate: __decorate, decorateMetadata: __metadata, decorateParam: __param } });

/**
 * Lets a program, or a thread of one, run from the workspace's own sources, so that it needs no build and never runs on a stale one.
 * It starts in a fifth of the time that the compiler takes. Node's own way of reading TypeScript is WebAssembly: an engine that starts and ends
 * hundreds of threads with it ends itself, and each start takes half as long again; so this file is not TypeScript itself.
 * Errors: throws when a file is no TypeScript.
 */
registerHooks({
  resolve(specifier, context, next) {
    const conditions = [...new Set(['@mailwarden/source', ...(context.conditions ?? [])])];
    if (!specifier.startsWith('.') || !specifier.endsWith('.js') || context.parentURL === undefined) return next(specifier, { ...context, conditions });
    const source = new URL(`${specifier.slice(0, -3)}.ts`, context.parentURL);
    return existsSync(source) ? { url: source.href, format: 'module', shortCircuit: true } : next(specifier, { ...context, conditions });
  },
  load(url, context, next) {
    if (!/^file:.*\.ts$/.test(url)) return next(url, context);
    const path = fileURLToPath(url);
    const { code, errors } = transformSync(path, readFileSync(path, 'utf8'), AS_BUILT);
    if (errors[0] !== undefined) throw errors[0];
    return { format: 'module', source: code, shortCircuit: true };
  },
});
