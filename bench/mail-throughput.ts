import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { compileEgress, type EgressPlan } from '@mailwarden/egress';
import { replacingTransaction } from '../libs/egress/dist/plan/transactions.js';

const ROUNDS = 5;
const SECONDS = 4;
const AT_ONCE = 20;
const PORT = 25;
const ACCOUNT = 60_041;
const ENDPOINTS = 64;
const ADDRESSES = 150;
const PROGRAM = join(import.meta.dirname, 'smtp-load.ts');
const NFT = '/usr/sbin/nft';
const IP = ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip'].find((path) => existsSync(path)) ?? 'ip';

/** Mail sessions a second, without a table and with one that holds about ten thousand addresses; null where no network of one's own can be made, with the reason. */
export type MailThroughput = { readonly without: readonly number[]; readonly withTable: readonly number[] } | { readonly missing: string };

function run(program: string, args: readonly string[], input = ''): void {
  const { status, stderr } = spawnSync(program, args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}

/** The most that a profile and its policies would ask for, and more. */
function largePlan(): EgressPlan {
  const endpoints = Array.from({ length: ENDPOINTS }, (_, index) => ({ id: `e${index}`, addresses: Array.from({ length: ADDRESSES }, (__, place) => `10.${100 + index}.${place}.1`), protocol: 'any' as const, ports: [{ first: 443, last: 443 }] }));
  return { accounts: [ACCOUNT], flows: [{ id: 'refused', accounts: [ACCOUNT], effect: 'refused', endpoints }], relays: [], resolvers: ['192.0.2.53'] };
}

/** Small mail sessions of the product's own account from one network to another, over a wire. */
export async function benchMailThroughput(): Promise<MailThroughput> {
  if (process.getuid?.() !== 0 || !existsSync(NFT)) return { missing: 'needs the super-user and nftables' };
  const compiled = compileEgress(largePlan());
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  const [here, there] = [`mwbench-h${process.pid}`, `mwbench-t${process.pid}`];
  const inside = (network: string, program: string, args: readonly string[], input = ''): void => run(IP, ['netns', 'exec', network, program, ...args], input);
  let server: ChildProcess | null = null;
  try {
    for (const network of [here, there]) run(IP, ['netns', 'add', network]);
    run(IP, ['link', 'add', 'wire', 'netns', here, 'type', 'veth', 'peer', 'name', 'wire', 'netns', there]);
    for (const [network, address] of [[here, '10.78.0.1'], [there, '10.78.0.2']] as const) {
      inside(network, IP, ['address', 'add', `${address}/24`, 'dev', 'wire']);
      for (const device of ['wire', 'lo']) inside(network, IP, ['link', 'set', device, 'up']);
    }
    server = spawn(IP, ['netns', 'exec', there, process.execPath, PROGRAM, 'serve', String(PORT)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => server?.stdout?.once('data', resolve));
    const sessions = (): number => {
      const { stdout, stderr } = spawnSync(IP, ['netns', 'exec', here, process.execPath, PROGRAM, 'send', '10.78.0.2', String(PORT), String(ACCOUNT), String(SECONDS), String(AT_ONCE)], { encoding: 'utf8' });
      const { finished, failed } = JSON.parse(stdout || `{"finished":0,"failed":1}`) as { finished: number; failed: number };
      if (failed > 0) throw new Error(`${failed} mail sessions failed: ${stderr}`);
      return finished / SECONDS;
    };
    const [without, withTable]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      without.push(sessions());
      inside(here, NFT, ['-f', '-'], replacingTransaction(compiled.value, []));
      withTable.push(sessions());
      inside(here, NFT, ['delete', 'table', 'inet', 'mailwarden']);
    }
    return { without, withTable };
  } finally {
    server?.kill('SIGKILL');
    for (const network of [here, there]) spawnSync(IP, ['netns', 'delete', network]);
  }
}
