import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.js';
import { traceFrom, withTrace } from '@mailwarden/tracing';
import { plainText } from './plain-error.js';
import { nestLogger } from './nest-logger.js';

function lines(write: (log: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const written: string[] = [];
  write(createLogger({ service: 'sample', level: 'info', destination: { write: (line) => written.push(line) } }));
  return written.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log', () => {
  it('names its service, level and time', () => {
    const [line] = lines((log) => log.info({ store: 'backup' }, 'measured'));
    expect(line).toMatchObject({ service: 'sample', level: 'info', store: 'backup', msg: 'measured' });
    expect(line?.['time']).toMatch(/^\d{4}-\d{2}-\d{2}T/);
  });

  it('keeps persons and secrets out, also when they are nested', () => {
    const text = JSON.stringify(lines((log) => log.info({ password: 'hunter2', order: { fileName: 'letter.eml', by: { address: 'someone@example.org' } } }, 'x')));
    for (const secret of ['hunter2', 'letter.eml', 'someone@example.org']) expect(text).not.toContain(secret);
  });

  it('shows an error without the row that the driver quotes', () => {
    const error = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (sender)=(someone@example.org) already exists.' });
    const [line] = lines((log) => log.error({ err: error }, 'failed'));
    expect(JSON.stringify(line)).not.toContain('someone@example.org');
    expect(line?.['err']).toMatchObject({ message: 'duplicate key', code: '23505' });
  });

  it('finds what it must not show at any depth, in lists and however it is spelled', () => {
    const text = JSON.stringify(lines((log) => log.child({ server: 'mx-1' }).info({ a: { b: { c: { d: { password: 'hunter2' } } } }, list: [[{ File_Name: 'letter.eml' }]], Authorization: 'Bearer abcdef', 'private-key': 'PEM', buffer: Buffer.from('bytes of a letter'), deep: { a: { b: { c: { d: { e: { f: 'very deep' } } } } } } }, 'x')));
    for (const secret of ['hunter2', 'letter.eml', 'abcdef', 'PEM', 'bytes of', '"data":[', 'very deep']) expect(text).not.toContain(secret);
    expect(text).toContain('mx-1');
  });

  it('shows an error without the names of files and persons that it quotes, wherever it stands', () => {
    const path = '/var/opt/store/anna person.eml';
    const missing = Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`, { cause: new Error(`at ${path.replace(' ', '-')} for anna@example.org`) }), { code: 'ENOENT' });
    const many = new Error(`line one\nanna@example.org said\nEACCES: permission denied, scandir '/home/anna/Maildir'`);
    const text = JSON.stringify(lines((log) => {
      log.error({ err: missing }, 'failed');
      log.error({ err: many, nested: { problem: missing } }, 'failed');
      log.error(many);
      log.error({ err: missing });
      nestLogger(log).error(missing, 'Context');
      nestLogger(log).warn(`could not read /home/anna/Maildir/new/1 of anna@example.org`);
    }));
    expect(text).not.toMatch(/anna|person/);
    expect(text).toContain("/var/…");
    expect(text).toContain('ENOENT');
    expect(text).toContain('logger.spec');
  });

  it('names the trace of the work that it belongs to, and none beside', () => {
    const trace = traceFrom('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    const [inside, outside] = lines((log) => {
      if (trace !== undefined) withTrace(trace, () => log.info('inside'));
      log.info('outside');
    });
    expect(inside).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' });
    expect(outside).not.toHaveProperty('traceId');
  });

  it('gives nothing away to whoever attacks it by depth, spelling, headers, names, circles, size or members that bite', () => {
    const person = 'anna.person@example.org';
    const file = '/var/mail/anna person/Re: your results.eml';
    const circle: Record<string, unknown> = { server: 'mx-1', note: `mail for <${person}> failed` };
    circle['self'] = circle;
    circle['list'] = [circle, [circle]];
    const biting = { get broken(): string { throw new Error(person); }, toJSON: () => person, [Symbol.toPrimitive]: () => person };
    class Letter {
      readonly mail_from = person;
      readonly 'X-Original-Recipient' = person;
      readonly #hidden = person;
      toJSON(): string {
        return this.#hidden;
      }
    }
    const nested = Object.assign(new Error(`EACCES: permission denied, open '${file}'`, { cause: new Error(person) }), { path: file, dest: file, config: { headers: { authorization: 'Bearer abcdef' } } });
    const facts = {
      headers: { Authorization: 'Bearer abcdef', cookie: 'a=hunter2', 'set-cookie': ['a=hunter2'], 'x-csrf-token': 'hunter2', 'X-Api-Key': 'hunter2' },
      circle, biting, letter: new Letter(), deep: { a: [{ b: nested }] }, byPerson: { [person]: 1 }, [`note for ${person}`]: 'x', map: new Map([[person, person]]), set: new Set([person]),
      text: `could not read ${file.replaceAll(' ', '-')}`, quoted: `open '${file}'`, url: new URL(`https://anna:hunter2@example.org/x`), many: Array.from({ length: 50_000 }, () => person), long: 'x '.repeat(1_000_000), wide: Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`k${index}`, person])), big: 10n, buffer: Buffer.from(person),
    };
    const written = lines((log) => {
      log.info(facts, `handled ${file.replaceAll(' ', '-')} of ${person}`);
      log.error({ err: nested, facts }, 'failed');
      log.child({ server: 'mx-1' }).warn(facts, 'said %s', person);
      nestLogger(log).error(`open '${file}' of ${person}`, 'Context');
    });
    const text = JSON.stringify(written);
    expect(text).not.toMatch(/anna|person|results|hunter2|abcdef/);
    expect(written).toHaveLength(4);
    expect(text.length).toBeLessThan(200_000);
    expect(text).toContain('mx-1');
    expect(text).toContain('EACCES');
    expect(plainText(person)).toBe('[address]');
  });
});
