import { rotationDecisionBody } from '@mailwarden/contracts';
import { ServiceQuestions } from '@mailwarden/messaging';
import { Body, Controller } from '@nestjs/common';
import type { z } from 'zod';
import { Parsed } from '../http/parsed.js';
import { OPERATING_ROLES, Route, type Reply } from '../http/route.js';
import { answered } from '../http/service-answer.js';
import { LiveUpdates } from '../live-updates/live-updates.js';
import { Asker, type Principal } from '../sign-in/principal.js';

const ANSWER_MS = 5_000;

/** What waits for a person, and what the person says. */
@Controller()
export class RotationDecisionsController {
  constructor(
    private readonly live: LiveUpdates,
    private readonly questions: ServiceQuestions,
  ) {}

  @Route('waiting')
  waiting(): Promise<Reply<'waiting'>> {
    return answered('rotation worker', this.questions.ask('rotation.waiting', {}, { timeoutMs: ANSWER_MS }));
  }

  /** Safety: who decides is taken from the session; two approvals of one person are one. */
  @Route('decideRotation', OPERATING_ROLES)
  async decide(@Body(new Parsed(rotationDecisionBody)) body: z.output<typeof rotationDecisionBody>, @Asker() asker: Principal): Promise<Reply<'decideRotation'>> {
    const waiting = await answered('rotation worker', this.questions.ask('rotation.decide', { ...body, by: asker.name }, { timeoutMs: ANSWER_MS }));
    this.live.tell('rotations');
    return waiting;
  }
}
