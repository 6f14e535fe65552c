import { createServer, type Server, type Socket } from 'node:net';
import { chmodSync, rmSync } from 'node:fs';
import { egressTask, type EgressReport, type EgressTask } from '@mailwarden/contracts';
import { STANDING_BYTES_MAX } from './standing-documents.js';

/** Where systemd puts the first socket that it hands over. Source: sd_listen_fds(3). */
const HANDED_OVER = 3;
/** The agent, an agent that takes its place, and an administrator who looks. */
const CALLERS_MAX = 4;
const OWNER_AND_GROUP = 0o660;

/** Reads tasks line by line from one caller, and answers each with one line. A line that is none ends the call. */
function serve(socket: Socket, act: (task: EgressTask) => Promise<EgressReport>): void {
  let text = '';
  let turn: Promise<void> = Promise.resolve();
  const take = async (line: string): Promise<void> => {
    const task = egressTask.safeParse(JSON.parse(line));
    if (!task.success) throw new Error('the task has another form than this version knows');
    socket.write(`${JSON.stringify(await act(task.data))}\n`);
  };
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (text.length > STANDING_BYTES_MAX) return void socket.destroy();
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) turn = turn.then(() => take(line)).catch(() => void socket.destroy());
    return undefined;
  });
}

/** The socket that the agent speaks to: systemd's, or a path that only owner and group may open. */
export async function openDesk(listen: string, act: (task: EgressTask) => Promise<EgressReport>): Promise<Server> {
  const server = createServer((socket) => serve(socket, act));
  server.maxConnections = CALLERS_MAX;
  if (listen !== 'systemd') rmSync(listen, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen === 'systemd' ? { fd: HANDED_OVER } : { path: listen }, resolve);
  });
  if (listen !== 'systemd') chmodSync(listen, OWNER_AND_GROUP);
  return server;
}
