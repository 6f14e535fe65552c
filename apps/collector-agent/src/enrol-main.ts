import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { enrol } from './enrol/enrol.js';
import { EnrolmentFailure } from './enrol/enrolment-failure.js';
import { DEFAULT_DIR, DEFAULT_STATE } from './enrol/places.js';

const HELP = `Usage: mailwarden-agent enrol [URL] TOKEN [options]

Makes this host a server of the fleet: it makes its own keys, asks by the token, and writes the settings that its agent starts with.

  URL                   address of the bus, as tls://control.example:4222; else those that the token names
  TOKEN                 from: mailwarden enrol token; - reads it from standard input

  --token-file FILE     read the token from a file, so that no other account sees it among the processes
  --name NAME           name of this server in the fleet; else the host's own
  --profile ID          product that is watched; may be given again; else those that are found, or those of the token
  --root DIR            folder that stands for the host (default /)
  --dir DIR             where settings and keys are kept (default ${DEFAULT_DIR})
  --state DIR           where the agent keeps its spool and its credential (default ${DEFAULT_STATE})
  --wait SECONDS        how long to wait for an operator to agree, where the token wants one (default 900)

Exit: 0 enrolled, 1 refused or not answered, 2 not understood

Example:
  mailwarden-agent enrol tls://control.example:4222 --token-file /root/token --name mx-3
`;
const WAIT_S_DEFAULT = 900;
const EXIT = { enrolled: 0, failed: 1, notUnderstood: 2 } as const;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function fail(what: string, advice: string, code: number): void {
  process.stderr.write(`mailwarden-agent: ${what}\n  ${advice}\n`);
  process.exitCode = code;
}

async function tokenOf(given: string | undefined, file: string | undefined): Promise<string> {
  if (file !== undefined) return readFile(file, 'utf8');
  return given === '-' ? readAll(process.stdin) : (given ?? '');
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { 'token-file': text, name: text, profile: { type: 'string', multiple: true }, root: text, dir: text, state: text, wait: text, help: { type: 'boolean', short: 'h' } } });
  if (values.help === true) return say(HELP);
  const file = values['token-file'];
  const [url, token] = file === undefined ? (positionals.length > 1 ? positionals : [undefined, positionals[0]]) : [positionals[0], undefined];
  const waitSeconds = Number(values.wait ?? WAIT_S_DEFAULT);
  if ((file === undefined && token === undefined) || positionals.length > 2 || !Number.isInteger(waitSeconds) || waitSeconds < 0) return fail('a token is needed, and --wait takes whole seconds', 'run it with --help to see what it takes', EXIT.notUnderstood);
  const root = resolve(values.root ?? '/');
  const { server, settings } = await enrol({ url: url ?? null, token: await tokenOf(token, file), name: values.name ?? null, root, profiles: values.profile ?? [], dir: resolve(values.dir ?? DEFAULT_DIR), state: resolve(values.state ?? DEFAULT_STATE), waitSeconds, say });
  say(`Enrolled as ${server}. Start its agent with: mailwarden-agent run --settings ${settings}`);
  process.exitCode = EXIT.enrolled;
}

try {
  await main();
} catch (cause) {
  if (cause instanceof EnrolmentFailure) fail(cause.message, cause.advice, EXIT.failed);
  else fail(cause instanceof Error ? cause.message.split('\n', 1)[0] ?? '' : String(cause), 'run it with --help to see what it takes; nothing was enrolled', EXIT.notUnderstood);
}
