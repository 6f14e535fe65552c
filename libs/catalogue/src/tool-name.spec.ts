import { describe, expect, it } from 'vitest';
import { ALPHABETS, filledWith, namePartsOf, partsIn, type Alphabet } from './tool-name.js';

const LETTERS = { files: ['/home/{user}/Maildir/.{mailbox}/cur/{letter}:2,*', '/home/{user}/Maildir/.{mailbox}/new/{letter}'], parts: { user: 'account', mailbox: 'mailbox', letter: 'maildir-name' } } as const;
const QUEUE = { files: ['/var/spool/exim4/input/**/{id}-D'], parts: { id: 'exim-message-id' } } as const;

describe('the name that a tool knows a file by', () => {
  it('is read from the place, with and without flags, at any depth', () => {
    expect(namePartsOf('/home/anna/Maildir/.Trash/cur/1795580336.M596144P438.mx,S=1086,W=1114:2,Sa', LETTERS)).toEqual({ user: 'anna', mailbox: 'Trash', letter: '1795580336.M596144P438.mx,S=1086,W=1114' });
    expect(namePartsOf('/home/anna/Maildir/.Trash/new/1795580336.M596144P438.mx,S=1086,W=1114', LETTERS)).toMatchObject({ letter: '1795580336.M596144P438.mx,S=1086,W=1114' });
    expect(namePartsOf('/var/spool/exim4/input/1xW4T2-00005A-33-D', QUEUE)).toEqual({ id: '1xW4T2-00005A-33' });
    expect(namePartsOf('/var/spool/exim4/input/a/b/1xW4T2-00000000ABC-33aZ-D', QUEUE)).toEqual({ id: '1xW4T2-00000000ABC-33aZ' });
  });

  it.each(['/home/anna/Maildir/.Trash/cur/1795580336.M596144P438.mx,S=1086', '/home/anna/Maildir/.Trash/cur/1795580336.M1.m x:2,S', '/home/anna/Maildir/.Trash/cur/-rf:2,S', '/home/-A/Maildir/.Trash/new/1.M1', '/home/anna/Maildir/.*/new/1.M1', '/home/anna/Maildir/.Trash/new/OR', '/home/anna/Maildir/.Trash/new/1.M1\n2.M2', '/home/anna/x/Maildir/.Trash/new/1.M1', '/home/anna/Maildir/.Trash/new/1.M1/x', '/home/../Maildir/.Trash/new/1.M1', '/home/\xff/Maildir/.Trash/new/1.M1'])('is none for %j', (path) => {
    expect(namePartsOf(path, LETTERS)).toBeNull();
  });

  it('never begins as an option, a bracket, a wildcard, a path or a word of a search, whatever the alphabet', () => {
    const hostile = ['-', '--', '-d', '(', ')', '*', '%', '/', '.', '..', '', ' ', 'a b', 'a\nb', 'a\0b', '"', '$(id)', '`id`', ';', '=x', '\xe9', 'a/b'];
    for (const [id, { pattern }] of Object.entries(ALPHABETS)) for (const text of hostile) expect(pattern.test(text), `${id} ${JSON.stringify(text)}`).toBe(false);
    for (const [id, { pattern }] of Object.entries(ALPHABETS)) expect(pattern.test(`1.a-00005A-33${'\n'}`), id).toBe(false);
  });

  it('is put where it is asked for, and what is not given is an error', () => {
    expect(filledWith('--user={user}/{mailbox}', { user: 'anna', mailbox: 'Trash' })).toBe('--user=anna/Trash');
    expect(() => filledWith('{other}', {})).toThrow('other');
    expect(partsIn('${spool}/{id}-{id}')).toEqual(['id', 'id']);
  });

  it('is found without trying for long', () => {
    const parts: Readonly<Record<string, Alphabet>> = { id: 'number' };
    const since = performance.now();
    expect(namePartsOf(`/a${'/b'.repeat(2_000)}`, { files: ['/a/**/{id}'], parts })).toBeNull();
    expect(performance.now() - since).toBeLessThan(1_000);
  });
});
