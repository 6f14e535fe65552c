import { statSync, utimesSync } from 'node:fs';
import type { Scenario } from '../scenario.js';
import { BY_COPY } from '../../log-host.js';
import { outcome, sizeAfter } from '../told.js';

const KIB = 1024;
const files = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** What each does about a size or a number, and about age. */
export const SIZES: readonly Scenario[] = [
  {
    table: 'cap', what: 'Ten files of 100 KiB, one a day: a folder of at most 400 KiB',
    prepare: (stage) => files(10).forEach((day) => stage.put(`day-${String(day).padStart(2, '0')}`, { bytes: 100 * KIB, days: day })),
    logrotate: (stage, program) => sizeAfter(['maxsize 400k', 'rotate 0'], stage, () => stage.logrotate(program, '*', ['maxsize 400k', 'yearly', 'rotate 0'], [])),
    tmpfiles: (stage, program) => sizeAfter(['e STORE - - - 400K'], stage, () => stage.tmpfiles(program, ['e STORE - - - 400K'])),
    mailwarden: (stage) => sizeAfter(['limits: { bytes: 400 KiB }'], stage, () => stage.mailwarden(['limits: { bytes: 400 KiB }', 'target: 100 %'])),
  },
  {
    table: 'cap', what: 'A log of 600 KiB with three generations of 600 KiB: at most 1 MiB with all of them',
    store: BY_COPY,
    prepare: (stage) => ['acme.log', 'acme.log.1', 'acme.log.2', 'acme.log.3'].forEach((name, index) => stage.put(name, { bytes: 600 * KIB, days: index })),
    logrotate: (stage, program) => sizeAfter(['size 1M', 'rotate 3'], stage, () => stage.logrotate(program, 'acme.log', ['size 1M', 'rotate 3'], [])),
    tmpfiles: (stage, program) => sizeAfter(['e STORE - - - 1M'], stage, () => stage.tmpfiles(program, ['e STORE - - - 1M'])),
    mailwarden: (stage) => sizeAfter(['limits: { bytes: 1 MiB }'], stage, () => stage.mailwarden(['limits: { bytes: 1 MiB }', 'target: 100 %'])),
  },
  {
    table: 'cap', what: 'Five generations where two are to be kept',
    store: BY_COPY,
    prepare: (stage) => ['acme.log', ...files(5).map((number) => `acme.log.${number}`)].forEach((name, index) => stage.put(name, { days: index })),
    logrotate: (stage, program) => outcome(['rotate 2'], stage, () => stage.logrotate(program, 'acme.log', ['rotate 2'])),
    tmpfiles: (stage, program) => outcome(['e STORE - - - m:3d'], stage, () => stage.tmpfiles(program, ['e STORE - - - m:3d'])),
    mailwarden: (stage) => outcome(['limits: { records: 3 }'], stage, () => stage.mailwarden(['limits: { records: 3 }', 'target: 100 %'])),
  },
  {
    table: 'age', what: 'Two files put back from a backup just now, changed 100 and 10 days ago: 90 days',
    prepare: (stage) => [['old', 100], ['young', 10]].forEach(([name, days]) => stage.put(String(name), { days: Number(days) })),
    logrotate: (stage, program) => outcome(['maxage 90', 'rotate 9', 'daily'], stage, () => stage.logrotate(program, '*', ['maxage 90', 'rotate 9', 'daily'], [])),
    tmpfiles: async (stage, program) => `${await outcome(['90d'], stage, () => stage.tmpfiles(program, ['e STORE - - - 90d']))}<br>${await outcome(['m:90d'], stage, () => stage.tmpfiles(program, ['e STORE - - - m:90d']))}`,
    mailwarden: async (stage) => `${await outcome(['clock: changed'], stage, () => stage.mailwarden(['limits: { age: 90 days }', 'clock: changed']))}<br>${await outcome(['clock: modified'], stage, () => stage.mailwarden(['limits: { age: 90 days }', 'clock: modified']))}`,
  },
  {
    table: 'age', what: 'A file changed 100 days ago and read a moment ago: 90 days',
    prepare: (stage) => {
      stage.put('letter');
      utimesSync(stage.path('letter'), new Date(), statSync(stage.path('letter')).mtime);
    },
    logrotate: (stage, program) => outcome(['maxage 90', 'rotate 9', 'daily'], stage, () => stage.logrotate(program, '*', ['maxage 90', 'rotate 9', 'daily'], [])),
    tmpfiles: async (stage, program) => `${await outcome(['am:90d'], stage, () => stage.tmpfiles(program, ['e STORE - - - am:90d']))}<br>${await outcome(['m:90d'], stage, () => stage.tmpfiles(program, ['e STORE - - - m:90d']))}`,
    mailwarden: (stage) => outcome(['clock: modified'], stage, () => stage.mailwarden(['limits: { age: 90 days }', 'clock: modified'])),
  },
  {
    table: 'age', what: 'A generation of 100 days beside a log that is not due yet: 90 days',
    store: BY_COPY,
    prepare: (stage) => ['acme.log', 'acme.log.1'].forEach((name, index) => stage.put(name, { days: 100 * index })),
    logrotate: (stage, program) => outcome(['maxage 90', 'size 1M'], stage, () => stage.logrotate(program, 'acme.log', ['maxage 90', 'rotate 9', 'size 1M'], [])),
    tmpfiles: (stage, program) => outcome(['m:90d'], stage, () => stage.tmpfiles(program, ['e STORE - - - m:90d'])),
    mailwarden: (stage) => outcome(['limits: { age: 90 days }'], stage, () => stage.mailwarden(['limits: { age: 90 days }'])),
  },
];
