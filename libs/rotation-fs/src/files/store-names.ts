import { outermost, type BytePath } from '@mailwarden/inventory';
import type { RotateRequest } from '../rotate-request.js';
import { StoreWalk, type StoreVisitor } from './store-walk.js';
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
