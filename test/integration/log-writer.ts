import { closeSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';

/**
 * A program that logs numbered lines, as fast as it can, until it is told to end; then it writes its last number.
 * `how`: `signal` takes a new file on SIGHUP, `deaf` does not; `placed` writes at places of its own instead of at the end of the file.
 */
const [log = '', pidFile = '', lastFile = '', how = 'signal'] = process.argv.slice(2);
/** So that a test reads little, and still every moment has its line. */
const LINES_A_TURN = 8;

const open = (): number => openSync(log, how === 'placed' ? 'w' : 'a', 0o640);
let fd = open();
let number = 0;
let ends = false;

function reopen(): void {
  closeSync(fd);
  fd = open();
}

process.on('SIGHUP', () => {
  if (how === 'signal') reopen();
});
process.on('SIGTERM', () => (ends = true));

function turn(): void {
  for (let lines = 0; lines < LINES_A_TURN; lines += 1) {
    writeSync(fd, `${new Date().toISOString()} acme[1]: line ${number} ${'x'.repeat(number % 90)}\n`);
    number += 1;
  }
  if (!ends) return void setTimeout(turn, 1);
  writeFileSync(`${lastFile}.part`, String(number));
  renameSync(`${lastFile}.part`, lastFile);
  process.exit(0);
}

writeFileSync(pidFile, `${process.pid}\n`);
turn();
