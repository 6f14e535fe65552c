import { outermost, type BytePath } from '@mailwarden/inventory';
import { closeDirectory, entryNames, type PassedOver } from '@mailwarden/inventory-fs';
import type { RotateRequest } from '../rotate-request.js';
import { enterFolder } from './store-folder.js';
import { StoreWalk, UsedUp, type StoreVisitor, type WalkedFolder } from './store-walk.js';
import type { HalfName } from './other-half.js';
import { leftOutPatterns, ownPatterns } from './why-not.js';

/** Names of all files that a store holds, some at a time: whoever compares them needs no list of them. */
export function* namesInStore(request: RotateRequest): Iterable<HalfName> {
  const [own, leftOut] = [ownPatterns(request), leftOutPatterns(request)];
  let names: HalfName[] = [];
  const visitor: StoreVisitor = {
    file(folder, { name }) {
      const path: BytePath = `${folder.path}/${name}`;
      if ((folder.isOwn || own.matches(path)) && !(folder.mayBeLeftOut && leftOut.matches(path))) names.push({ root: folder.root, path: folder.below === '' ? name : `${folder.below}/${name}` });
    },
    passedOver: () => undefined,
  };
  for (const root of outermost(own.roots)) {
    for (const walk = new StoreWalk(own, leftOut, visitor).walk(request.host.root, root); walk.next().done !== true; names = []) yield* names;
    yield* names;
    names = [];
  }
}

/** What lies in the folders of a store, by name. */
export interface StoreNames {
  readonly roots: readonly BytePath[];
  /** Every file below the roots, whoever's it is, as text and by its path below its root: a row may name one that the store leaves out. */
  readonly paths: ReadonlySet<string>;
  /** Why there may be files that were not seen, in words; null where there are none. */
  readonly unseen: string | null;
}

const TOO_MANY = Symbol('too many names');

class NamesTally implements StoreVisitor {
  readonly paths = new Set<string>();
  unseen: string | null = null;

  constructor(
    private readonly request: RotateRequest,
    private readonly namesMax: number,
    private readonly own = ownPatterns(request),
  ) {}

  file({ below }: WalkedFolder, { name }: { readonly name: BytePath }): void {
    this.paths.add(Buffer.from(below === '' ? name : `${below}/${name}`, 'latin1').toString('utf8'));
    if (this.paths.size > this.namesMax) throw TOO_MANY;
  }

  /** What another order has taken in lies there, and may come back. */
  ownFolder({ directory }: WalkedFolder, name: BytePath): void {
    const entered = enterFolder(directory, name);
    if (!entered.ok) {
      this.unseen ??= `a folder of the executor's cannot be looked into (${entered.error})`;
      return;
    }
    try {
      if (entryNames(entered.value).length > 0) this.unseen ??= 'what an order has taken in and not deleted yet lies in the store';
    } finally {
      closeDirectory(entered.value);
    }
  }

  passedOver(path: BytePath, reason: PassedOver): void {
    if (this.own.roots.includes(path) || this.own.matches(path) || this.own.mayHold(path)) this.unseen ??= `not all of the store could be looked at (${reason})`;
  }

  *walk(): Generator<void, StoreNames, void> {
    const roots = outermost(this.own.roots);
    for (const root of roots) {
      const failed = yield* new StoreWalk(this.own, leftOutPatterns(this.request), this).walk(this.request.host.root, root);
      if (failed !== null) this.unseen ??= `a folder of the store cannot be looked at (${failed})`;
    }
    return { roots, paths: this.paths, unseen: this.unseen };
  }
}

/** Looks at all names below the folders of a store, and at what hides any. It stops now and then, so that others come in between. Returns null above so many names. */
export function* storeNames(request: RotateRequest, namesMax: number): Generator<void, StoreNames | null, void> {
  try {
    return yield* new NamesTally(request, namesMax).walk();
  } catch (cause) {
    if (cause === TOO_MANY) return null;
    if (!(cause instanceof UsedUp)) throw cause;
    return { roots: [], paths: new Set(), unseen: `not all of the store could be looked at (${cause.message})` };
  }
}
