// Builds and boots one mail server, runs one command inside, and ends it:
//   node scripts/mail-server/try-mail-server.ts gateway mailwarden scan
//   node scripts/mail-server/try-mail-server.ts gateway            stays up until Ctrl-D and says how to enter
import { MAIL_SERVERS, type MailServerName } from './recipe.ts';
import { whyNoMailServer } from './prerequisites.ts';
import { startMailServer } from './running-server.ts';
import { mailwardenInside, SHOWN_PRODUCT } from './shown-product.ts';

const [name = '', ...command] = process.argv.slice(2);
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const isServer = (text: string): text is MailServerName => MAIL_SERVERS.some((known) => known === text);

const why = whyNoMailServer();
if (!isServer(name)) {
  say(`name one of: ${MAIL_SERVERS.join(', ')}`);
  process.exitCode = 2;
} else if (why !== null) {
  say(`no mail server can be started: ${why}`);
  process.exitCode = 2;
} else {
  const server = await startMailServer(name, { shown: SHOWN_PRODUCT });
  const { builtInMs, bootedInMs, filledInMs } = server.cost;
  say(`${name}: ${builtInMs === null ? 'image was there' : `built in ${builtInMs} ms`}, booted in ${bootedInMs} ms, filled in ${filledInMs} ms`);
  if (command.length === 0) {
    say(`enter it: nsenter --target ${server.pid} --all; its root: ${server.root}; Ctrl-D ends it`);
    await new Promise((resolve) => process.stdin.once('end', resolve).resume());
  } else {
    const ended = command[0] === 'mailwarden' ? await mailwardenInside(server, command.slice(1)) : await server.run(command);
    process.stdout.write(ended.stdout);
    process.stderr.write(ended.stderr);
    process.exitCode = ended.status;
  }
  await server.stop();
}
