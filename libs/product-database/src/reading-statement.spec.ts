import { describe, expect, it } from 'vitest';
import { readingStatement } from './reading-statement.js';

describe('a question of a profile', () => {
  it.each(['SELECT 1', ' select max(at) from events; ', "WITH a AS (SELECT 1 AS x) SELECT x FROM a", "SELECT 'INTO OUTFILE; -- it''s text'", 'SELECT `lock` FROM "update"'])('may be %s', (query) => {
    expect(readingStatement(query)).toMatchObject({ ok: true });
  });

  it.each([
    ['', 'it is no SELECT'],
    ['DROP TABLE events', 'it is no SELECT'],
    ['(SELECT 1)', 'it is no SELECT'],
    ['SELECT 1; DROP TABLE events', 'it is more than one statement'],
    ["SELECT 1 INTO OUTFILE '/tmp/x'", 'it does more than read (INTO)'],
    ['SELECT a FROM b FOR UPDATE', 'it does more than read (UPDATE)'],
    ['SELECT a FROM b LOCK IN SHARE MODE', 'it does more than read (LOCK)'],
    ["SELECT GET_LOCK('x', 10)", 'it does more than read (GET_LOCK)'],
    ['SELECT 1 -- INTO', 'it has a comment'],
    ['SELECT 1 # INTO', 'it has a comment'],
    ['SELECT /*! 1 INTO OUTFILE */ 1', 'it has a comment'],
    ["SELECT 'a\\' , 'INTO OUTFILE", 'it has a backslash; write the text without one'],
    ["SELECT 'a", 'a quote is not closed'],
  ])('may not be %s', (query, why) => {
    expect(readingStatement(query)).toEqual({ ok: false, error: why });
  });
});
