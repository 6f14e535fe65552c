import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseProfile } from './parse-profile.js';
import { resolveVariables } from './resolve-variables.js';

const textOf = (id: string): string => readFileSync(new URL(`../profiles/${id}.yaml`, import.meta.url), 'utf8');
const [POSTFIX, DOVECOT, JOURNAL] = [textOf('postfix'), textOf('dovecot'), textOf('linux-host')];

function problemsWith(text: string, from: string, to: string) {
  expect(text).toContain(from);
  const parsed = parseProfile(text.replace(from, () => to));
  return parsed.ok ? [] : parsed.error;
}

const HELD = 'command: [ /usr/sbin/postsuper, -d, "-", hold ]';
const LETTER = '"/home/{user}/Maildir/.{mailbox}/new/{letter}"';

describe('a tool in a profile', () => {
  it.each([
    ['a shell', POSTFIX, HELD, 'command: [ /bin/sh, -c, "postsuper -d -" ]', /no tool of a product/],
    ['a program that runs others', POSTFIX, HELD, 'command: [ /usr/bin/env, postsuper ]', /no tool of a product/],
    ['a program that deletes anything', POSTFIX, HELD, 'command: [ /usr/bin/rm, -f ]', /no tool of a product/],
    ['a program without a path', POSTFIX, HELD, 'command: [ postsuper, -d, "-" ]', /not an absolute path/],
    ['a program that climbs', POSTFIX, HELD, 'command: [ /usr/sbin/../../tmp/postsuper ]', /climbs out/],
    ['a program that is named by what lies in the store', POSTFIX, HELD, 'command: [ "/opt/{id}" ]', /its own path/],
    ['a part that nobody declared', POSTFIX, 'give: { lines: "{id}" }', 'give: { lines: "{id} {name}" }', /"name" is not declared/],
    ['items without a name', POSTFIX, 'give: { lines: "{id}" }', 'give: { lines: "ALL" }', /does not say which item/],
    ['an alphabet of its own', POSTFIX, 'id: postfix-queue-id', 'id: "[^/]*"', /.+/],
    ['a pattern with two parts in one name', DOVECOT, LETTER, '"/home/{user}/Maildir/.{mailbox}/new/{letter}{user}"', /read in two ways/],
    ['a pattern with a wildcard in the middle', DOVECOT, LETTER, '"/home/{user}/Maildir/.{mailbox}/*w/{letter}"', /read in two ways/],
    ['a pattern that leaves a part out', DOVECOT, LETTER, '"/home/{user}/Maildir/.Trash/new/{letter}"', /does not say mailbox/],
    ['a variable that is not there', POSTFIX, 'files: [ "${queueDirectory}/hold/**/{id}" ]', 'files: [ "${queueFolder}/hold/**/{id}" ]', /"queueFolder" is not declared/],
    ['a page that is not there', POSTFIX, 'source: postsuper-1', 'source: postsuper-2', /"postsuper-2" is not declared/],
    ['no time limit', POSTFIX, 'at-once: 1000', 'timeout: soon', /.+/],
    ['a rule that does not say how much', JOURNAL, '"--vacuum-size={bytes}"', '"--vacuum-size=1"', /does not say how much/],
    ['a rule with another number', JOURNAL, '"--vacuum-size={bytes}"', '"--vacuum-size={bytes}", "{seconds}"', /"seconds" is not declared/],
    ['files of people, deleted by hand', DOVECOT, 'source: doveadm-expunge', 'else: files\n      source: doveadm-expunge', /takes in a folder of the system/],
    ['an unknown member', POSTFIX, 'at-once: 1000', 'atonce: 1000', /not known/],
  ])('is refused with %s', (_what, text, from, to, message) => {
    expect(problemsWith(text, from, to)).toEqual(expect.arrayContaining([expect.objectContaining({ message: expect.stringMatching(message) })]));
  });

  it('belongs to a store of files, of which none is a folder', () => {
    expect(problemsWith(POSTFIX, '    tool:\n', '    units: [ "/var/spool/postfix/deferred/*" ]\n    tool:\n')).toMatchObject([{ message: expect.stringContaining('no name that a tool knows') }]);
  });

  it('has its places filled on each host', () => {
    const parsed = parseProfile(POSTFIX);
    if (!parsed.ok) throw new Error('unreachable');
    const hold = resolveVariables(parsed.value, { queueDirectory: '/srv/queue' }).stores.find(({ id }) => id === 'hold');
    expect(hold?.tool).toMatchObject({ by: 'item', names: { files: ['/srv/queue/hold/**/{id}'] } });
  });
});
