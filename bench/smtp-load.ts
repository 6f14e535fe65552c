/** Small mail sessions: `serve PORT` answers them, `send HOST PORT ACCOUNT SECONDS AT_ONCE` holds as many as it can and prints how many it finished. */
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

const STEPS = ['HELO bench.example', 'MAIL FROM:<a@bench.example>', 'RCPT TO:<b@bench.example>', 'DATA', `Subject: small\r\n\r\n${'x'.repeat(900)}\r\n.`, 'QUIT'];
const [mode = '', ...args] = process.argv.slice(2);

function answer(socket: Socket): void {
  let inLetter = false;
  socket.on('error', () => socket.destroy());
  socket.write('220 bench\r\n');
  createInterface({ input: socket }).on('line', (line) => {
    if (inLetter && line !== '.') return;
    if (line === 'DATA') {
      inLetter = true;
      socket.write('354 go on\r\n');
    } else if (line === 'QUIT') socket.end('221 bye\r\n');
    else {
      inLetter = false;
      socket.write('250 ok\r\n');
    }
  });
}

function session(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    let step = 0;
    const socket = connect({ host, port, noDelay: true });
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(step > STEPS.length));
    createInterface({ input: socket }).on('line', () => {
      const next = STEPS[step];
      step += 1;
      if (next !== undefined) socket.write(`${next}\r\n`);
    });
  });
}

if (mode === 'serve') {
  createServer(answer).listen(Number(args[0]), '0.0.0.0', () => console.log('ready'));
} else {
  const [host = '', port, account, seconds, atOnce] = args;
  process.setgid?.(Number(account));
  process.setuid?.(Number(account));
  const until = performance.now() + Number(seconds) * 1_000;
  let finished = 0;
  let failed = 0;
  await Promise.all(
    Array.from({ length: Number(atOnce) }, async () => {
      while (performance.now() < until) if (await session(host, Number(port))) finished += 1; else failed += 1;
    }),
  );
  console.log(JSON.stringify({ finished, failed }));
  process.exit();
}
