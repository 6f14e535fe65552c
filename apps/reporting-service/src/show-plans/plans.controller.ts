import { exactBody, ROUTES } from '@mailwarden/contracts';
import { ServiceQuestions } from '@mailwarden/messaging';
import { Body, Controller } from '@nestjs/common';
import type { z } from 'zod';
import { Parsed } from '../http/parsed.js';
import { OPERATING_ROLES, Route, type Reply } from '../http/route.js';
import { answered } from '../http/service-answer.js';
import { LiveUpdates } from '../live-updates/live-updates.js';
import { Asker, type Principal } from '../sign-in/principal.js';

/** A plan of a whole fleet is thought through while somebody waits. Units: milliseconds. */
const PLAN_MS = 12_000;
const planBody = ROUTES.planPolicies.request;
const answersBody = ROUTES.exactPlans.request;

/** What policies would delete: foretold from recorded state, or asked of the hosts. */
@Controller()
export class PlansController {
  constructor(
    private readonly live: LiveUpdates,
    private readonly questions: ServiceQuestions,
  ) {}

  @Route('planPolicies')
  plan(@Body(new Parsed(planBody)) body: z.output<typeof planBody>): Promise<Reply<'planPolicies'>> {
    return answered('rotation worker', this.questions.ask('rotation.plan', body, { timeoutMs: PLAN_MS }));
  }

  /** Gives orders to hosts, if only ones that delete nothing: not for those who may only look. */
  @Route('askExact', OPERATING_ROLES)
  async askExact(@Body(new Parsed(exactBody)) body: z.output<typeof exactBody>, @Asker() asker: Principal): Promise<Reply<'askExact'>> {
    const asked = await answered('rotation worker', this.questions.ask('rotation.ask-exact', { ...body, by: asker.name }, { timeoutMs: PLAN_MS }));
    this.live.tell('rotations');
    return asked;
  }

  @Route('exactPlans')
  exactPlans(@Body(new Parsed(answersBody)) body: z.output<typeof answersBody>): Promise<Reply<'exactPlans'>> {
    return answered('rotation worker', this.questions.ask('rotation.exact', body, { timeoutMs: PLAN_MS }));
  }
}
