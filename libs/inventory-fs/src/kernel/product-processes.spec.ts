import { expect, it } from 'vitest';
import { unitsInGroups } from './product-processes.js';

it.each([
  ['0::/system.slice/postfix.service', ['postfix.service']],
  ['0::/system.slice/system-postfix.slice/postfix@-.service/worker', ['postfix@-.service']],
  ['12:pids:/system.slice/_mail.service\n1:name=systemd:/system.slice/_mail.service\n0::/', ['mail.service', 'mail.service']],
  // What an account names within its own session is not of systemd.
  ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/postfix.service', ['user@1000.service']],
  ['0::/system.slice/cron.service/postfix.service', ['cron.service']],
  ['0::/', []],
  ['', []],
])('the control group %j is of %j', (groups, units) => expect(unitsInGroups(groups)).toEqual(units));
