import { createServer, type Server, type Socket } from 'node:net';
import { chmodSync, rmSync } from 'node:fs';
import { egressTask, type EgressReport, type EgressTask } from '@mailwarden/contracts';
import { STANDING_BYTES_MAX } from './standing-documents.js';

/** Where systemd puts the first socket that it hands over. Source: sd_listen_fds(3). */
const HANDED_OVER = 3;
/** The agent, an agent that takes its place, and an administrator who looks. */
const CALLERS_MAX = 4;
const OWNER_AND_GROUP = 0o660;

/** A caller that says nothing any more is let go. Units: milliseconds. */
const IDLE_MS_MAX = 120_000;
/** A caller that does not read its answers is let go. Units: bytes. */
const UNREAD_BYTES_MAX = 8_000_000;

/** Braces, brackets and commas of the largest task. More would cost memory out of all proportion. */
const PARTS_MAX = 400_000;
const PARTS: ReadonlySet<number> = new Set(['{', '[', ','].map((character) => character.charCodeAt(0)));

function taskFrom(line: string): EgressTask {
  let parts = 0;
  for (let at = 0; at < line.length; at += 1) if (PARTS.has(line.charCodeAt(at)) && ++parts > PARTS_MAX) throw new Error('more than a task');
  return egressTask.parse(JSON.parse(line));
}

/** Reads tasks line by line from one caller, and answers each with one line, one after the other: while a task is acted on nothing more is read. A line that is none ends the call. */
function serve(socket: Socket, act: (task: EgressTask) => Promise<EgressReport>): void {
  let text = '';
  let isActing = false;
  const take = async (line: string): Promise<void> => {
    if (socket.writableLength > UNREAD_BYTES_MAX) throw new Error('answers that nobody reads');
    const report = await act(taskFrom(line));
    if (!socket.destroyed) socket.write(`${JSON.stringify(report)}\n`);
  };
  const go = async (): Promise<void> => {
    isActing = true;
    socket.pause();
    try {
      for (let end = text.indexOf('\n'); end >= 0 && !socket.destroyed; end = text.indexOf('\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 1);
        await take(line);
      }
      socket.resume();
    } catch {
      socket.destroy();
    } finally {
      isActing = false;
    }
  };
  socket.setEncoding('utf8');
  socket.setTimeout(IDLE_MS_MAX, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (text.length > STANDING_BYTES_MAX) return void socket.destroy();
    if (!isActing && text.includes('\n')) void go();
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
