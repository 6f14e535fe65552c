import type { RedisSession, RedisTrimming } from '../redis/connect-redis.js';
import { REPLICA_BYTES_MAX, REPLICA_SECONDS_MAX, type Replicas } from './record-trimmer.js';

const REPLICA = /^slave\d+:.*?offset=(\d+),lag=(-?\d+)/gm;
const MEBIBYTE = 1024 * 1024;

/** How far the replicas are behind, by what they have confirmed. Errors: throws where the server is a replica itself. */
export async function redisReplicas(session: RedisSession<RedisTrimming>): Promise<Replicas> {
  const text = String(await session.ask('INFO', 'replication'));
  if (/^role:slave/m.test(text)) throw new RangeError('the server is a replica: give the order to its primary');
  const offset = Number(/^master_repl_offset:(\d+)/m.exec(text)?.[1] ?? 0);
  const behind = [...text.matchAll(REPLICA)].map(([, confirmed, lag]) => ({ bytes: offset - Number(confirmed), seconds: Number(lag) }));
  const bytes = Math.max(0, ...behind.map((replica) => replica.bytes));
  const seconds = Math.max(0, ...behind.map((replica) => replica.seconds));
  return { behind: bytes > REPLICA_BYTES_MAX ? `a replica is ${Math.round(bytes / MEBIBYTE)} MiB behind` : seconds > REPLICA_SECONDS_MAX ? `a replica has not been heard of for ${seconds} s` : null, hidden: false };
}
