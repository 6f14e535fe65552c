import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.js';

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
});
