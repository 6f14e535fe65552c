import { eventually } from '@mailwarden/testing';
import type { RunningServer } from '../../scripts/mail-server/running-server.ts';

const SCRIPT = '/opt/mailwarden/test/servers/letters.sh';
const STOP = '/run/letters.stop';
const UNIT = 'letters.service';
const LETTERS_MS_MAX = 20_000;

/** Sends some rounds of letters and returns when all of them were taken. */
export const sendLetters = (server: RunningServer, name: string, rounds: number, addresses: readonly string[]): Promise<string> => server.output(['/bin/sh', SCRIPT, name, String(rounds), ...addresses]);

/** Keeps letters coming while something is done, and returns which were taken. */
export async function whileLettersCome<T>(server: RunningServer, addresses: readonly string[], work: () => Promise<T>): Promise<{ readonly result: T; readonly came: readonly string[] }> {
  await server.output(['/usr/bin/systemd-run', '--quiet', `--unit=${UNIT}`, '/bin/sh', SCRIPT, 'new', '0', ...addresses]);
  try {
    await eventually('the first letter', LETTERS_MS_MAX, async () => ((await server.run(['/usr/bin/test', '-s', '/run/letters.new'])).status === 0 ? true : undefined));
    const result = await work();
    await server.output(['/usr/bin/touch', STOP]);
    await eventually('the end of the letters', LETTERS_MS_MAX, async () => ((await server.run(['/bin/systemctl', 'is-active', '--quiet', UNIT])).status === 0 ? undefined : true));
    return { result, came: (await server.output(['/bin/cat', '/run/letters.new'])).trim().split('\n') };
  } finally {
    await server.run(['/usr/bin/touch', STOP]);
  }
}

/** Which letters lie below some places, by what stands in their files; `places` are shell words. */
export async function lettersIn(server: RunningServer, places: string): Promise<string[]> {
  const { stdout } = await server.run(['/bin/sh', '-c', String.raw`grep --no-filename --recursive --text --only-matching -E '<[a-z]+-[0-9]+-[a-z]+@letters\.test>' ${places} 2>/dev/null | sort -u`]);
  return stdout.split('\n').filter((line) => line !== '').map((line) => line.slice(1, line.indexOf('@'))).sort();
}
