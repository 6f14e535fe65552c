import type { Problem } from '@mailwarden/contracts';
import type { Logger } from '@mailwarden/observability';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem } from './api-problem.js';

const UNEXPECTED: Problem = { type: 'about:blank', title: 'Something failed here', status: 500, detail: 'The request could not be answered. The service has logged why.' };

const UNREADABLE: Problem = { type: 'about:blank', title: 'Request not understood', status: 400, detail: 'The request is not in a form that this service takes.' };

function problemOf(exception: unknown): Problem {
  if (exception instanceof ApiProblem) return { type: 'about:blank', title: exception.title, status: exception.getStatus(), detail: exception.detail };
  if (exception instanceof HttpException && exception.getStatus() === 404) return { type: 'about:blank', title: 'Not found', status: 404, detail: 'There is nothing at this address.' };
  const status = exception instanceof HttpException ? exception.getStatus() : clientFault(exception);
  if (status === undefined || status >= 500) return UNEXPECTED;
  return { ...UNREADABLE, status };
}

/** The web server's own refusals, as a body that is too large or not JSON. */
function clientFault(exception: unknown): number | undefined {
  if (typeof exception !== 'object' || exception === null || !('statusCode' in exception)) return undefined;
  const { statusCode } = exception;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : undefined;
}

/** Answers what the web server refuses before any route is found, as an address that cannot be decoded; its own words would name its parts. */
export function refuseUnreadable(_error: unknown, _request: FastifyRequest, reply: FastifyReply): void {
  void reply.status(400).headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' }).type('application/problem+json').send(UNREADABLE);
}

/** The one place where failures become answers. Source: RFC 9457. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Logger) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw exception;
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    const answer = problemOf(exception);
    if (answer.status >= 500) this.log.error({ err: exception, method: http.getRequest<FastifyRequest>().method }, 'a request failed');
    if (reply.sent) return;
    if (exception instanceof ApiProblem) void reply.headers(exception.headers);
    void reply.status(answer.status).type('application/problem+json').send(answer);
  }
}
