import { connect, type Socket } from 'node:net';
import { egressReport, type EgressReport, type EgressTask } from '@mailwarden/contracts';
import { err, ok, type Result } from '@mailwarden/kernel';

/** A full table is listed in about two seconds, and made anew in as many. Units: milliseconds. */
const ANSWER_MS_MAX = 20_000;
/** Sixty-four destinations and fifty flows of a few products. Units: characters. */
const ANSWER_CHARS_MAX = 4_000_000;

function reportFrom(line: string): Result<EgressReport, string> {
  try {
    const parsed = egressReport.safeParse(JSON.parse(line));
    return parsed.success ? ok(parsed.data) : err('the keeper of the packet filter answered in another form than this version knows');
  } catch {
    return err('the keeper of the packet filter answered no JSON');
  }
}

/** Hands one task to the keeper of the packet filter, and waits for its report. Errors: why there is none. */
export function callKeeper(path: string, task: EgressTask): Promise<Result<EgressReport, string>> {
  return new Promise((resolve) => {
    const socket: Socket = connect(path);
    let text = '';
    const end = (result: Result<EgressReport, string>): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => end(err(`the keeper of the packet filter gave no answer within ${ANSWER_MS_MAX / 1000} s`)), ANSWER_MS_MAX);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const [line, rest] = text.split('\n', 2);
      if (rest !== undefined) end(reportFrom(line ?? ''));
      else if (text.length > ANSWER_CHARS_MAX) end(err('the keeper of the packet filter said more than a report'));
    });
    socket.on('error', (cause: NodeJS.ErrnoException) => end(err(`the keeper of the packet filter cannot be reached (${cause.code ?? 'unknown'}); is mailwarden-egress running?`)));
    socket.on('close', () => end(err('the keeper of the packet filter ended the call without an answer')));
    socket.write(`${JSON.stringify(task)}\n`);
  });
}
