import { describe, expect, it } from 'vitest';
import { ReplyLines } from './reply-lines.js';
import type { SqliteReply } from './sqlite-command.js';

const BYTES_MAX = 100;

function told(...chunks: string[]): { replies: SqliteReply[]; problem: string | null } {
  const replies: SqliteReply[] = [];
  const lines = new ReplyLines((reply) => replies.push(reply), BYTES_MAX);
  const problem = chunks.reduce<string | null>((found, chunk) => found ?? lines.take(Buffer.from(chunk)), null);
  return { replies, problem };
}

describe('what the process that writes to a file of SQLite says', () => {
  it('is told line by line, however it comes', () => {
    expect(told('{"rows":[["i1"]]}\n{"changes":1,"comm', 'itted":true,"heldMs":2}\n{"code"', ':5,"what":null,"heldMs":0}', '\n')).toEqual({
      replies: [{ rows: [['i1']] }, { changes: 1, committed: true, heldMs: 2 }, { code: 5, what: null, heldMs: 0 }],
      problem: null,
    });
  });

  it.each([
    ['never ends', ['x'.repeat(60), 'x'.repeat(60)]],
    ['is longer than any reply', [`{"rows":[["t${'x'.repeat(BYTES_MAX)}"]]}\n`]],
  ])('is taken no further where a line %s', (_what, chunks) => {
    expect(told(...chunks)).toEqual({ replies: [], problem: 'it has more to say than 100 bytes' });
  });

  it.each(['no JSON', '5', 'null', '{"rows":5}', '{"rows":[5]}', ''])('is taken no further where it is no reply: %j', (line) => {
    expect(told('{"rows":[]}\n', `${line}\n{"rows":[]}\n`)).toEqual({ replies: [{ rows: [] }], problem: 'the process that wrote to it said something else than a reply' });
  });
});
