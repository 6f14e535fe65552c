import type { NatsConnection } from '@nats-io/transport-node';

const UPDATE = '$SYS.REQ.CLAIMS.UPDATE';
const ANSWER_MS_MAX = 5_000;
const TAKEN = 200;

/** Brings the newest token of an account to a broker that runs. Returns whether the broker has taken it; false as well where it cannot be asked now. Shape: a connection as the keeper of accounts. */
export function bringAccount(system: NatsConnection, token: string): Promise<boolean> {
  return system.request(UPDATE, token, { timeout: ANSWER_MS_MAX }).then(
    (reply) => (JSON.parse(new TextDecoder().decode(reply.data)) as { data?: { code?: number } }).data?.code === TAKEN,
    () => false,
  );
}
