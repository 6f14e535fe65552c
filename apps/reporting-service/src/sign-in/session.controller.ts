import { signInBody, ROUTES } from '@mailwarden/contracts';
import { Body, Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { ApiProblem, notSignedIn } from '../http/api-problem.js';
import { Parsed } from '../http/parsed.js';
import { Public, Route, type Reply } from '../http/route.js';
import { SESSION_COOKIE } from './access.guard.js';
import { AttemptLimit } from './attempt-limit.js';
import { OneTimeLink } from './one-time-link.js';
import { FIRST_OPERATOR, OperatorBook } from './operator-book.js';
import { Asker, type Principal } from './principal.js';
import { SESSION_MS, SessionBook, type StartedSession } from './session-book.js';

type SignIn = z.output<typeof signInBody>;
const passwordBody = ROUTES.setPassword.request;

const shown = ({ name, role, csrf }: Principal): Reply<'me'> => ({ name, role, csrf });

@Controller()
export class SessionController {
  readonly #limit = new AttemptLimit();

  constructor(
    private readonly sessions: SessionBook,
    private readonly link: OneTimeLink,
    private readonly operators: OperatorBook,
  ) {}

  @Public()
  @Route('signIn')
  async signIn(@Body(new Parsed(signInBody)) body: SignIn, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<Reply<'signIn'>> {
    const wait = this.#limit.waitSeconds(request.ip, Date.now());
    if (wait > 0) throw new ApiProblem(429, 'Too many attempts', `Wait ${wait} seconds, then try again.`, { 'retry-after': String(wait) });
    // Counted before it is checked, so that hurried attempts side by side do not slip through.
    this.#limit.failed(request.ip, Date.now());
    const started = await this.#start(body);
    this.#limit.succeeded(request.ip);
    void reply.setCookie(SESSION_COOKIE, started.token, { httpOnly: true, sameSite: 'strict', path: '/', secure: request.protocol === 'https', maxAge: SESSION_MS / 1000 });
    return shown(started.principal);
  }

  @Route('signOut')
  async signOut(@Asker() asker: Principal, @Res({ passthrough: true }) reply: FastifyReply): Promise<Reply<'signOut'>> {
    if (asker.session !== null) await this.sessions.end(asker.session);
    void reply.clearCookie(SESSION_COOKIE, { path: '/' });
    return {};
  }

  @Route('me')
  me(@Asker() asker: Principal): Reply<'me'> {
    return shown(asker);
  }

  @Route('setPassword')
  async setPassword(@Asker() asker: Principal, @Body(new Parsed(passwordBody)) body: z.output<typeof passwordBody>): Promise<Reply<'setPassword'>> {
    await this.sessions.setPassword(asker, body.password);
    return {};
  }

  async #start(body: SignIn): Promise<StartedSession> {
    if ('link' in body) {
      const who = (await this.link.consume(body.link)) ? FIRST_OPERATOR : await this.operators.consume(body.link);
      if (who === null) throw notSignedIn('This link was used before or is not valid. Take the newest one that Mailwarden printed.');
      return this.sessions.start(who.name, who.role, 'link');
    }
    const role = await this.sessions.roleOf(body.name, body.password);
    if (role === null) throw notSignedIn('Name or password is not right.');
    return this.sessions.start(body.name, role, 'password');
  }
}
