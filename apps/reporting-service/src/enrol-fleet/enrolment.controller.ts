import { ROUTES } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { Body, Controller, Param } from '@nestjs/common';
import type { z } from 'zod';
import { ApiProblem, notFound } from '../http/api-problem.js';
import { Parsed } from '../http/parsed.js';
import { Route, type Reply } from '../http/route.js';
import { LiveUpdates } from '../live-updates/live-updates.js';
import { Asker, type Principal } from '../sign-in/principal.js';
import { EnrolmentDesk } from './enrolment-desk.js';
import { FleetEnrolment } from './fleet-enrolment.js';
import { Removals } from './removals.js';
import { TokenBook } from './token-book.js';

const tokenBody = ROUTES.makeEnrolmentToken.request;
const answerBody = ROUTES.answerEnrolment.request;
const removal = ROUTES.removeServer.request;
const UUID = /^[0-9a-f-]{36}$/;

/** Who is let into the fleet, and who is taken out of it. */
@Controller()
export class EnrolmentController {
  constructor(
    private readonly tokens: TokenBook,
    private readonly desk: EnrolmentDesk,
    private readonly removals: Removals,
    private readonly fleet: FleetEnrolment,
    private readonly live: LiveUpdates,
  ) {}

  @Route('enrolment', ['operator', 'administrator'])
  async show(): Promise<Reply<'enrolment'>> {
    return { tokens: await this.tokens.list(), waiting: await this.desk.waiting() };
  }

  @Route('makeEnrolmentToken', ['administrator'])
  async make(@Body(new Parsed(tokenBody)) terms: z.output<typeof tokenBody>, @Asker() asker: Principal): Promise<Reply<'makeEnrolmentToken'>> {
    if (terms.replaces !== null && terms.uses !== 1) throw new ApiProblem(422, 'Not done', 'A token that gives a server’s place to another counts for one server: leave the uses at 1.');
    return this.tokens.make(terms, asker.name);
  }

  @Route('withdrawEnrolmentToken', ['administrator'])
  async withdraw(@Param('id') id: string, @Asker() asker: Principal): Promise<Reply<'withdrawEnrolmentToken'>> {
    if (!(await this.tokens.withdraw(id, asker.name))) throw notFound('such token that still counts');
    return {};
  }

  @Route('answerEnrolment', ['administrator'])
  async answer(@Param('id') id: string, @Body(new Parsed(answerBody)) { action }: z.output<typeof answerBody>, @Asker() asker: Principal): Promise<Reply<'answerEnrolment'>> {
    const decided = UUID.test(id) ? await this.desk.answer(id, action, asker.name, instantOf(Date.now())) : null;
    if (decided === null) throw notFound('such server that waits');
    if (action === 'approve' && decided.state === 'refused') throw new ApiProblem(422, 'Not done', `The server cannot be let in: ${decided.detail}.`);
    if (decided.state === 'enrolled') for (const server of decided.changed) await this.fleet.publishOne(server);
    this.live.tell('fleet');
    return {};
  }

  @Route('removeServer', ['administrator'])
  async remove(@Param('name') name: string, @Body(new Parsed(removal)) { cause, reason }: z.output<typeof removal>, @Asker() asker: Principal): Promise<Reply<'removeServer'>> {
    if (!(await this.removals.byPerson(name, cause, reason, asker.name))) throw notFound('such server in the fleet');
    await this.fleet.publishChanged([name]);
    for (const topic of ['fleet', 'server', 'findings'] as const) this.live.tell(topic, name);
    return {};
  }
}
