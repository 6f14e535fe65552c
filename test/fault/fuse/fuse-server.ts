import { spawn } from 'node:child_process';
import { openSync, read, writeSync } from 'node:fs';
import { answer, attributesOut, direntsOut, entryOut, extentIn, initOut, openOut, namedIn, requestIn, statfsOut, type Node, type Request } from './fuse-wire.js';

/** A fault of one operation on one path, or on all of them (`*`): an error of the kernel, or no answer, ever. The first `after` requests still go well. */
export interface Fault {
  readonly operation: string;
  readonly path: string;
  readonly errno: number | 'never';
  readonly after?: number;
}
export interface Order {
  readonly at: string;
  /** Size of each file by its path; folders are made on the way. Units: bytes. */
  readonly files: Readonly<Record<string, number>>;
  readonly faults: readonly Fault[];
  /** Account that the kernel takes for the one that mounted it. Default: root. */
  readonly by?: number;
}

const ENOENT = 2;
const EEXIST = 17;
const ENOSYS = 38;
const REQUEST_BYTES_MAX = 1_048_576;
/** A folder is told in pieces of this size, whatever the kernel has room for: a fault can come between them. Units: bytes. */
const LISTING_BYTES_MAX = 4_096;
/** Requests that the kernel waits for no answer to. */
const UNANSWERED: ReadonlySet<string> = new Set(['forget', 'batch-forget', 'interrupt', 'destroy']);
/** Descriptor under which mount(8) finds the one of the file system. */
const MOUNT_FD = 3;

class Tree {
  readonly #nodes: Node[] = [{ number: 1, path: '', name: '', kind: 'folder', bytes: 0 }];
  readonly #below = new Map<string, Node[]>();

  constructor(files: Order['files']) {
    for (const [path, bytes] of Object.entries(files)) {
      const parts = path.split('/');
      parts.forEach((_, index) => this.#put(parts.slice(0, index + 1), index === parts.length - 1 ? bytes : null));
    }
  }
  /** Number 0 stands for the file system itself: its first greeting names no entry. */
  node = (number: number): Node | undefined => this.#nodes[Math.max(0, number - 1)];
  below = (path: string): readonly Node[] => this.#below.get(path) ?? [];

  child = (folder: Node | undefined, name: string): Node | undefined => (folder === undefined ? undefined : this.below(folder.path).find((node) => node.name === name));

  /** Only files are moved and only empty folders removed: nothing below has to be told. */
  move(node: Node, to: Node, name: string): void {
    this.remove(node);
    Object.assign(node, { name, path: to.path === '' ? name : `${to.path}/${name}` });
    this.#below.set(to.path, [...this.below(to.path), node]);
  }
  remove(node: Node): void {
    const above = node.path.slice(0, Math.max(0, node.path.length - node.name.length - 1));
    this.#below.set(above, this.below(above).filter((other) => other !== node));
  }
  makeFolder(above: Node, name: string, mode: number): Node {
    const node: Node = { number: this.#nodes.length + 1, path: above.path === '' ? name : `${above.path}/${name}`, name, kind: 'folder', bytes: 0, mode };
    this.#nodes.push(node);
    this.#below.set(above.path, [...this.below(above.path), node]);
    return node;
  }

  #put(parts: readonly string[], bytes: number | null): void {
    const [path, above, name] = [parts.join('/'), parts.slice(0, -1).join('/'), parts.at(-1) ?? ''];
    if (this.below(above).some((node) => node.name === name)) return;
    const node: Node = { number: this.#nodes.length + 1, path, name, kind: bytes === null ? 'folder' : 'file', bytes: bytes ?? 0 };
    this.#nodes.push(node);
    this.#below.set(above, [...this.below(above), node]);
  }
}

/** A file system that fails as it was told to; entries can be moved and removed, and folders made, but nothing can be written. Runs in a process of its own: whoever uses it waits in the kernel meanwhile. */
class Server {
  readonly #tree: Tree;
  readonly #seen = new Map<Fault, number>();

  constructor(
    private readonly fd: number,
    order: Order,
    private faults: readonly Fault[] = order.faults,
  ) {
    this.#tree = new Tree(order.files);
  }

  setFaults(faults: readonly Fault[]): void {
    this.faults = faults;
  }

  serve(): void {
    const buffer = Buffer.alloc(REQUEST_BYTES_MAX);
    read(this.fd, buffer, 0, buffer.length, null, (problem, length) => {
      if (problem?.code === 'ENODEV') return process.exit(0); // It was unmounted.
      if (problem === null && length > 0) this.#answer(requestIn(buffer.subarray(0, length)));
      this.serve();
    });
  }

  #answer(request: Request): void {
    if (UNANSWERED.has(request.operation)) return;
    const node = this.#tree.node(request.node);
    const named = namedIn(request);
    const target = named === null || request.operation === 'mkdir' ? node : this.#tree.child(node, named.name);
    const errno = target === undefined ? ENOENT : this.#faultOf(request.operation, target.path) || this.#refusal(request, target);
    if (errno === 'never') return;
    const body = target === undefined || errno !== 0 ? undefined : (this.#changed(request, target) ?? this.#bodyOf(request, target));
    writeSync(this.fd, body === undefined ? answer(request.unique, errno === 0 ? ENOSYS : errno) : answer(request.unique, 0, body));
  }

  #faultOf(operation: string, path: string): number | 'never' {
    const fault = this.faults.find((item) => item.operation === operation && (item.path === path || item.path === '*'));
    if (fault === undefined) return 0;
    const seen = this.#seen.get(fault) ?? 0;
    this.#seen.set(fault, seen + 1);
    return seen < (fault.after ?? 0) ? 0 : fault.errno;
  }

  /** What the kernel does not look at itself. */
  #refusal(request: Request, target: Node): number {
    const named = namedIn(request);
    const taken = named === null ? undefined : request.operation === 'mkdir' ? this.#tree.child(target, named.name) : named.to === undefined ? undefined : this.#tree.child(this.#tree.node(named.to.folder), named.to.name);
    return taken === undefined ? 0 : EEXIST;
  }

  /** Carries out what changes the tree; undefined for all else. */
  #changed(request: Request, target: Node): Buffer | undefined {
    const named = namedIn(request);
    const to = named?.to === undefined ? undefined : this.#tree.node(named.to.folder);
    switch (request.operation) {
      case 'mkdir':
        return entryOut(this.#tree.makeFolder(target, named?.name ?? '', named?.mode ?? 0));
      case 'rename':
      case 'rename2':
        if (to !== undefined) this.#tree.move(target, to, named?.to?.name ?? '');
        return Buffer.alloc(0);
      case 'unlink':
      case 'rmdir':
        this.#tree.remove(target);
        return Buffer.alloc(0);
      default:
        return undefined;
    }
  }

  #bodyOf({ operation, body }: Request, node: Node): Buffer | undefined {
    switch (operation) {
      case 'init':
        return initOut();
      case 'lookup':
        return entryOut(node);
      case 'getattr':
        return attributesOut(node);
      case 'open':
      case 'opendir':
        return openOut();
      case 'read': {
        const { offset, bytesMax } = extentIn(body);
        return Buffer.alloc(Math.max(0, Math.min(bytesMax, node.bytes - offset)), '\n');
      }
      case 'readdir': {
        const { offset, bytesMax } = extentIn(body);
        return direntsOut(this.#tree.below(node.path), offset, Math.min(bytesMax, LISTING_BYTES_MAX));
      }
      case 'statfs':
        return statfsOut();
      case 'fsync':
      case 'fsyncdir':
      case 'release':
      case 'releasedir':
      case 'flush':
        return Buffer.alloc(0);
      default:
        return undefined;
    }
  }
}

const order = JSON.parse(process.argv[2] ?? '{}') as Order;
const fd = openSync('/dev/fuse', 'r+');
const server = new Server(fd, order);
process.on('message', (faults: readonly Fault[]) => {
  server.setFaults(faults);
  process.send?.('set');
});
process.on('disconnect', () => process.exit(0));
server.serve();
// The kernel's own call, past any program of a file system: `-i`.
spawn('/usr/bin/mount', ['-i', '-t', 'fuse', '-o', `fd=${MOUNT_FD},rootmode=40000,user_id=${order.by ?? 0},group_id=${order.by ?? 0},allow_other`, 'mailwarden-test', order.at], { stdio: ['ignore', 'ignore', 'inherit', fd] }).once('exit', (code) => {
  process.send?.(code === 0 ? 'mounted' : 'refused');
});
