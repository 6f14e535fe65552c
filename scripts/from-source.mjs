import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire, enableCompileCache, registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { threadId } from 'node:worker_threads';
import { __decorate, __metadata, __param } from 'tslib';

/** What the compiler is told for the build, in the words of what vitest itself reads sources with. */
const AS_BUILT = { decorator: { legacy: true, emitDecoratorMetadata: true }, typescript: { onlyRemoveTypeImports: true }, helpers: { mode: 'External' } };

/** Decorated classes call their helpers by these names. */
Object.assign(globalThis, { babelHelpers: { decorate: __decorate, decorateMetadata: __metadata, decorateParam: __param } });

const require = createRequire(import.meta.url);
/** Another version of the reader, or other words for it, keeps what it read elsewhere. */
const MADE_BY = hash('sha256', `${readFileSync(new URL('../node_modules/rolldown/package.json', import.meta.url), 'utf8')}${JSON.stringify(AS_BUILT)}`).slice(0, 16);
const KEPT = fileURLToPath(new URL(`../.tools/read-sources/${MADE_BY}/`, import.meta.url));
/** What the engine makes of code is kept too, also of packages; it looks itself whether it fits. */
enableCompileCache(fileURLToPath(new URL('../.tools/read-sources/engine/', import.meta.url)));
/** Names under which every file that imports them finds the same. */
const OF_THE_WORKSPACE = /^@mailwarden\//;

/** Last line of what is kept: a machine that lost its power may have kept the name and not the rest. */
const WHOLE = '\n//whole\n';

function keptAs(name) {
  try {
    const code = readFileSync(name, 'utf8');
    return code.endsWith(WHOLE) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** Written beside and renamed, so that of programs that start at once none reads half a file. Whoever may not write there reads anew each time. */
function keep(name, code) {
  const beside = `${name}.${process.pid}.${threadId}`;
  try {
    mkdirSync(KEPT, { recursive: true });
    writeFileSync(beside, `${code}${WHOLE}`, { flag: 'wx' });
    renameSync(beside, name);
  } catch {
    // It costs time alone.
  }
}

function read(path, source) {
  const { code, errors } = require('rolldown/utils').transformSync(path, source, AS_BUILT);
  if (errors[0] !== undefined) throw errors[0];
  return code;
}

/** The code of a file, by what is in it: a changed file is another one. */
function codeOf(path) {
  const source = readFileSync(path, 'utf8');
  const name = `${KEPT}${hash('sha256', `${path}\0${source}`)}.js`;
  const kept = keptAs(name);
  if (kept !== undefined) return kept;
  const code = read(path, source);
  keep(name, code);
  return code;
}

const resolved = new Map();

/**
 * Lets a program, or a thread of one, run from the workspace's own sources, so that it needs no build and never runs on a stale one.
 * It starts in a tenth of the time that the compiler takes. Node's own way of reading TypeScript is WebAssembly: an engine that starts and ends
 * hundreds of threads with it ends itself, and each start takes half as long again; so this file is not TypeScript itself.
 * What was read once is kept by its content: a suite starts hundreds of programs, most of which read what another has read.
 * Errors: throws when a file is no TypeScript.
 */
registerHooks({
  resolve(specifier, context, next) {
    const known = resolved.get(specifier);
    if (known !== undefined) return known;
    const conditions = [...new Set(['@mailwarden/source', ...(context.conditions ?? [])])];
    if (OF_THE_WORKSPACE.test(specifier)) {
      const found = { ...next(specifier, { ...context, conditions }), shortCircuit: true };
      resolved.set(specifier, found);
      return found;
    }
    if (!specifier.startsWith('.') || !specifier.endsWith('.js') || context.parentURL === undefined) return next(specifier, { ...context, conditions });
    const source = new URL(`${specifier.slice(0, -3)}.ts`, context.parentURL);
    return existsSync(source) ? { url: source.href, format: 'module', shortCircuit: true } : next(specifier, { ...context, conditions });
  },
  load(url, context, next) {
    if (!/^file:.*\.ts$/.test(url)) return next(url, context);
    return { format: 'module', source: codeOf(fileURLToPath(url)), shortCircuit: true };
  },
});
