import { describe, expect, it } from 'vitest';
import { connectionsFrom } from './open-connections.js';

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const line = (local: string, remote: string, state: string, uid: number): string => `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 12345 1 0000000000000000 20 4 30 10 -1\n`;
/** 192.0.2.7 and 2001:db8::7, as the kernel of a little-endian machine writes them. */
const V4 = '070200C0';
const V6 = 'B80D0120000000000000000007000000';

describe('connections that were open before the filter stood', () => {
  it('are those that an account made, in both families', () => {
    const lists = [HEAD + line('0100000A:C001', `${V4}:01BB`, '01', 998), HEAD + line('00000000000000000000000000000000:C002', `${V6}:0050`, '02', 998)];
    expect(connectionsFrom(lists, new Set([998]))).toEqual([
      { account: 998, address: '192.0.2.7', protocol: 'tcp', port: 443 },
      { account: 998, address: '2001:db8:0:0:0:0:0:7', protocol: 'tcp', port: 80 },
    ]);
  });

  it('are not those of others, those that have ended, and those that came to a port where the account listens', () => {
    const list = HEAD + line('00000000:0019', '00000000:0000', '0A', 998) + line('0100000A:0019', `${V4}:D431`, '01', 998) + line('0100000A:C003', `${V4}:01BB`, '06', 998) + line('0100000A:C004', `${V4}:01BB`, '01', 33);
    expect(connectionsFrom([list], new Set([998]))).toEqual([]);
  });

  it('are nothing of mail, of the host with itself, or to places that are always let through', () => {
    const list = HEAD + line('0100000A:C001', `${V4}:0019`, '01', 998) + line('0100000A:024B', `${V4}:C001`, '01', 998) + line('0100007F:C002', '0100007F:1538', '01', 998) + line('0100000A:C003', '350200C0:0035', '01', 998) + line('0100000A:C004', `${V4}:01BB`, '01', 998);
    expect(connectionsFrom([list], new Set([998]), { relays: ['2001:db8::/32'], resolvers: ['192.0.2.53', '192.0.2.7'] }).map(({ address, port }) => `${address} ${port}`)).toEqual(['192.0.2.7 443']);
    // Root listens, and the product serves who came.
    const handed = HEAD + line('00000000:1F90', '00000000:0000', '0A', 0) + line('0100000A:1F90', `${V4}:C431`, '01', 998);
    expect(connectionsFrom([handed], new Set([998]))).toEqual([]);
  });

  it.each(['', 'nonsense\nmore nonsense\n', `${HEAD}   0: x\n`])('are none in what the kernel never writes: %j', (text) => {
    expect(connectionsFrom([text], new Set([998]))).toEqual([]);
  });
});
