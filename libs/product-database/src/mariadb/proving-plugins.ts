import { hash } from 'node:crypto';
import type { ConnectionOptions } from 'mysql2/promise';

/** What the driver takes for a way to sign in. */
type Plugins = NonNullable<ConnectionOptions['authPlugins']>;
type Plugin = Plugins[string];

/** Of the scramble that a proof is reckoned with. Units: bytes. */
const SCRAMBLE_BYTES = 20;
/** Says that a proof was enough. Source: MySQL internals manual, caching_sha2_password. */
const PROVEN = 3;

const sha256 = (bytes: Uint8Array): Buffer => hash('sha256', bytes, 'buffer');

/** Proves that the password is known: from it alone nobody learns the password. Source: MySQL internals manual, caching_sha2_password. */
function proof(password: string, scramble: Uint8Array): Buffer {
  if (password === '') return Buffer.alloc(0);
  const once = sha256(Buffer.from(password));
  const mask = sha256(Buffer.concat([sha256(once), scramble]));
  return Buffer.from(once.map((byte, index) => byte ^ (mask[index] ?? 0)));
}

function refuse(): never {
  throw new Error('the server asks for the password itself');
}

/** Without its second half, in which the password goes to whoever sits on the socket, or is written with a key that he sends. */
const provesAlone: Plugin = ({ connection }) => {
  let isProven = false;
  return (data) => {
    if (isProven) return data[0] === PROVEN && data.length === 1 ? null : refuse();
    isProven = true;
    return proof(String(connection.config.password ?? ''), data.subarray(0, SCRAMBLE_BYTES));
  };
};
const handsOver: Plugin = () => refuse;

/** Ways to sign in that would hand over the password, in place of those that the driver brings. Whoever sits where a server should be may ask for any of them. */
export const PROVING_PLUGINS: Plugins = { caching_sha2_password: provesAlone, sha256_password: handsOver, mysql_clear_password: handsOver };
