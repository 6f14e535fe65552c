import { Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem } from '../http/api-problem.js';
import { Route } from '../http/route.js';
import { Asker, type Principal } from '../sign-in/principal.js';
import { SessionBook } from '../sign-in/session-book.js';
import { LiveUpdates } from './live-updates.js';

/** Keeps proxies from closing a quiet stream. Units: milliseconds. */
const COMMENT_EVERY_MS = 15_000;
const STREAMS_MAX = 500;
/** A reader that does not read is let go; it comes back and reads anew. Units: bytes. */
const UNREAD_BYTES_MAX = 256 * 1024;

@Controller()
export class StreamController {
  #open = 0;

  constructor(
    private readonly live: LiveUpdates,
    private readonly sessions: SessionBook,
  ) {}

  /** Tells for as long as the session lasts: a stream outlives the request that was let in. */
  @Route('stream')
  stream(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Asker() { session }: Principal): void {
    if (this.#open >= STREAMS_MAX) throw new ApiProblem(503, 'Too many streams', 'Close other windows of the console, then reload.');
    this.#open += 1;
    reply.hijack();
    const raw = reply.raw;
    for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
    raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    raw.write('retry: 1000\n: connected\n\n');
    const write = (text: string): void => {
      raw.write(text);
      if (raw.writableLength > UNREAD_BYTES_MAX) raw.destroy();
    };
    const stopListening = this.live.listen((update) => write(`data: ${JSON.stringify(update)}\n\n`));
    const stopWatching = this.sessions.onEnded((ended) => {
      if (ended === session) raw.end();
    });
    const timer = setInterval(() => {
      write(': still here\n\n');
      // A database that is away says nothing about the session.
      if (session !== null) this.sessions.isLive(session).then((lives) => (lives ? undefined : raw.end()), () => undefined);
    }, COMMENT_EVERY_MS);
    request.raw.once('close', () => {
      clearInterval(timer);
      stopListening();
      stopWatching();
      this.#open -= 1;
    });
  }
}
