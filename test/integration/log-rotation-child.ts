import { readFileSync } from 'node:fs';
import { rotateLog, type LogRotation } from './log-rotation.js';

/** One order on the log of a host, ended by SIGKILL at a step; else its receipt is printed. */
const [file = '', step = ''] = process.argv.slice(2);
const receipt = await rotateLog(JSON.parse(readFileSync(file, 'utf8')) as LogRotation, (at) => {
  if (at === step) process.kill(process.pid, 'SIGKILL');
});
process.stdout.write(JSON.stringify(receipt));
