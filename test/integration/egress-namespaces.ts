import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from '@mailwarden/testing';
import type { Answer, Certificate, Command } from './egress-account.js';
import { isRoot } from './only-root.js';

const PROGRAM = fileURLToPath(new URL('egress-account.ts', import.meta.url));
const NFT = '/usr/sbin/nft';
const NSENTER = '/usr/bin/nsenter';
const IP = ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip'].find((path) => existsSync(path));
/** A namespace whose test was killed ends with it. Units: seconds. */
const HELD_SECONDS = 900;
const START_MS = 30_000;

/** The server, and the far side of its only wire. */
export const HERE = { v4: '10.77.0.1', v6: '2001:db8:77::1' } as const;
export const THERE = { v4: '10.77.0.2', v6: '2001:db8:77::2' } as const;
export const ELSEWHERE = { v4: '10.77.0.3', v6: '2001:db8:77::3' } as const;

/** Why networks of one's own cannot be made here; null where they can. */
export function missingForNetworks(): string | null {
  if (!isRoot) return 'network namespaces and other accounts need the super-user';
  if (!existsSync(NFT)) return 'nftables is not installed';
  if (IP === undefined || !existsSync(NSENTER)) return 'ip or nsenter is not installed';
  const tried = spawnSync('/usr/bin/unshare', ['--net', '/bin/sh', '-c', `${IP} link add wire type veth peer name other && ${NFT} add table inet a`], { encoding: 'utf8' });
  return tried.status === 0 ? null : `this kernel has no veth or no nf_tables, or this container may not use them (${tried.stderr.trim().split('\n')[0] ?? ''})`;
}

/** An account that speaks from one side of the wire. */
export class Speaker {
  readonly #lines: AsyncIterator<string>;

  private constructor(private readonly child: ChildProcess) {
    if (child.stdout === null) throw new Error('no standard output');
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  static async start(namespace: string, account: number): Promise<Speaker> {
    const child = spawn(NSENTER, [`--net=${namespace}`, '--', process.execPath, '--disable-warning=ExperimentalWarning', PROGRAM, String(account)], { stdio: ['pipe', 'pipe', 'inherit'], env: {}, cwd: '/' });
    const speaker = new Speaker(child);
    const ready = await speaker.#lines.next();
    if (ready.value !== 'ready') throw new Error('the account did not start');
    return speaker;
  }

  async ask(command: Command): Promise<Answer> {
    this.child.stdin?.write(`${JSON.stringify(command)}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('the account ended');
    return JSON.parse(line.value) as Answer;
  }

  async listen(protocol: 'tcp' | 'udp', port: number): Promise<void> {
    const { outcome } = await this.ask({ op: 'listen', protocol, port });
    if (outcome !== 'done') throw new Error(`port ${port}: ${outcome}`);
  }

  async listenWith(certificate: Certificate, port: number): Promise<void> {
    const { outcome } = await this.ask({ op: 'listen', protocol: 'tls', port, certificate });
    if (outcome !== 'done') throw new Error(`port ${port}: ${outcome}`);
  }

  /** How it goes to open a connection and to be answered on it; over TLS where the far side's authority is given. */
  async talks(host: string, port: number, authority?: string): Promise<string> {
    const opened = await this.ask({ op: 'open', name: 'talk', host, port, ...(authority === undefined ? {} : { authority }) });
    return opened.outcome === 'done' ? (await this.ask({ op: 'say', name: 'talk' })).outcome : opened.outcome;
  }

  async datagram(host: string, port: number): Promise<string> {
    return (await this.ask({ op: 'datagram', host, port })).outcome;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }
}

/** Two networks with one wire between them, gone with their holders. */
export class Networks {
  readonly #speakers: Speaker[] = [];

  private constructor(
    private readonly folder: string,
    private readonly holders: readonly ChildProcess[],
  ) {}

  static async make(): Promise<Networks> {
    const folder = mkdtempSync(join(tmpdir(), 'mailwarden-networks-'));
    const holders = [0, 1].map(() => spawn('/usr/bin/unshare', ['--net', '/usr/bin/sleep', String(HELD_SECONDS)], { stdio: 'ignore' }));
    const networks = new Networks(folder, holders);
    const own = spawnSync('/usr/bin/readlink', ['/proc/self/ns/net'], { encoding: 'utf8' }).stdout;
    for (const namespace of [networks.here, networks.there]) {
      await eventually('a network of its own', START_MS, async () => spawnSync('/usr/bin/readlink', [namespace], { encoding: 'utf8' }).stdout !== own || undefined);
    }
    networks.here$(`${IP} link set lo up; ${IP} link add wire type veth peer name wire netns ${holders[1]?.pid}`);
    networks.here$(`${IP} address add ${HERE.v4}/24 dev wire; ${IP} address add ${HERE.v6}/64 dev wire nodad; ${IP} link set wire up; echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start`);
    networks.#run(networks.there, `${IP} link set lo up; for a in ${THERE.v4} ${ELSEWHERE.v4}; do ${IP} address add $a/24 dev wire; done; for a in ${THERE.v6} ${ELSEWHERE.v6}; do ${IP} address add $a/64 dev wire nodad; done; ${IP} link set wire up`);
    return networks;
  }

  get here(): string {
    return `/proc/${this.holders[0]?.pid}/ns/net`;
  }

  get there(): string {
    return `/proc/${this.holders[1]?.pid}/ns/net`;
  }

  /** The real nft, inside the server's network; as another account where one is given. */
  program(account?: number): string {
    const path = join(this.folder, `nft-${account ?? 'root'}`);
    const as = account === undefined ? '' : `/usr/bin/setpriv --reuid=${account} --clear-groups `;
    writeFileSync(path, `#!/bin/sh\nexec ${NSENTER} --net=${this.here} ${as}${NFT} "$@"\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** What somebody else does on the server, as its administrator: a line for the shell. */
  here$(line: string): string {
    return this.#run(this.here, line);
  }

  async speaker(side: 'here' | 'there', account: number): Promise<Speaker> {
    const speaker = await Speaker.start(side === 'here' ? this.here : this.there, account);
    this.#speakers.push(speaker);
    return speaker;
  }

  async end(): Promise<void> {
    for (const speaker of this.#speakers) await speaker.stop();
    for (const holder of this.holders) holder.kill('SIGKILL');
    rmSync(this.folder, { recursive: true });
  }

  #run(namespace: string, line: string): string {
    const ran = spawnSync(NSENTER, [`--net=${namespace}`, '/bin/sh', '-ec', line], { encoding: 'utf8', env: { PATH: `${dirname(NFT)}:/usr/sbin:/usr/bin:/sbin:/bin` } });
    if (ran.status !== 0) throw new Error(`${line}: ${ran.stderr}`);
    return ran.stdout;
  }
}
