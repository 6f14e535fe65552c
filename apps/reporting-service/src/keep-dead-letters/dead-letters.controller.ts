import { CONSUMERS, DEAD_LETTER_STATES, discardDeadLetters, replayDeadLetters, serverName, uuid, type ConsumerName } from '@mailwarden/contracts';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { notFound } from '../http/api-problem.js';
import { pageQuery } from '../http/page-cursor.js';
import { Parsed } from '../http/parsed.js';
import { Route, TENDING_ROLES, type Reply } from '../http/route.js';
import { LiveUpdates } from '../live-updates/live-updates.js';
import { Asker, type Principal } from '../sign-in/principal.js';
import { DeadLetterDesk } from './dead-letter-desk.js';
import { DeadLetterViews } from './dead-letter-views.js';

const lettersQuery = pageQuery.extend({
  consumer: z.enum(Object.keys(CONSUMERS) as [ConsumerName, ...ConsumerName[]]).optional(),
  state: z.enum(DEAD_LETTER_STATES).optional(),
  server: serverName.optional(),
});

/** What was put aside, and what an operator has done with it. */
@Controller()
export class DeadLettersController {
  constructor(
    private readonly views: DeadLetterViews,
    private readonly desk: DeadLetterDesk,
    private readonly live: LiveUpdates,
  ) {}

  @Route('deadLetters', TENDING_ROLES)
  deadLetters(@Query(new Parsed(lettersQuery)) { after, limit, ...filter }: z.output<typeof lettersQuery>): Promise<Reply<'deadLetters'>> {
    return this.views.page(filter, after, limit);
  }

  @Route('deadLetter', TENDING_ROLES)
  async deadLetter(@Param('id', new Parsed(uuid)) id: string): Promise<Reply<'deadLetter'>> {
    const view = await this.views.one(id);
    if (view === undefined) throw notFound('dead letter of this id');
    return view;
  }

  @Route('replayDeadLetters', TENDING_ROLES)
  async replay(@Body(new Parsed(replayDeadLetters)) body: z.output<typeof replayDeadLetters>, @Asker() asker: Principal): Promise<Reply<'replayDeadLetters'>> {
    return this.desk.replay(body, asker.name);
  }

  @Route('discardDeadLetters', TENDING_ROLES)
  async discard(@Body(new Parsed(discardDeadLetters)) body: z.output<typeof discardDeadLetters>, @Asker() asker: Principal): Promise<Reply<'discardDeadLetters'>> {
    const discarded = await this.desk.discard(body, asker.name);
    this.live.tell('findings');
    return { discarded };
  }
}
