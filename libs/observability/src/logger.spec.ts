import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.js';
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
});
