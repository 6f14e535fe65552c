import { acceptMissing } from '@mailwarden/contracts';
import { Body, Controller } from '@nestjs/common';
import type { z } from 'zod';
import { Parsed } from '../http/parsed.js';
import { Route, TENDING_ROLES, type Reply } from '../http/route.js';
import { Asker, type Principal } from '../sign-in/principal.js';
import { SequenceWatch } from './sequence-watch.js';

/** Messages that were numbered and did not come. */
@Controller()
export class MissingMessagesController {
  constructor(private readonly watch: SequenceWatch) {}

  @Route('missingMessages', TENDING_ROLES)
  missing(): Promise<Reply<'missingMessages'>> {
    return this.watch.list();
  }

  @Route('acceptMissing', TENDING_ROLES)
  async accept(@Body(new Parsed(acceptMissing)) { source, reason }: z.output<typeof acceptMissing>, @Asker() asker: Principal): Promise<Reply<'acceptMissing'>> {
    return { accepted: await this.watch.accept(source, reason, asker.name) };
  }
}
