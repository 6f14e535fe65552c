import { applyBody, checkBody, slug } from '@mailwarden/contracts';
import { ServiceQuestions } from '@mailwarden/messaging';
import { Body, Controller, Param } from '@nestjs/common';
import type { z } from 'zod';
import { Parsed } from '../http/parsed.js';
import { OPERATING_ROLES, Route, type Reply } from '../http/route.js';
import { answered } from '../http/service-answer.js';
import { LiveUpdates } from '../live-updates/live-updates.js';
import { Asker, type Principal } from '../sign-in/principal.js';

const ANSWER_MS = 5_000;
/** Bundles of a whole fleet are pressed before a change is answered. Units: milliseconds. */
const APPLIED_MS = 12_000;
/** What a check is recorded under: nowhere, since it changes nothing. */
const NO_REASON = 'a check that changes nothing';

@Controller()
export class PoliciesController {
  constructor(
    private readonly live: LiveUpdates,
    private readonly questions: ServiceQuestions,
  ) {}

  @Route('policies')
  policies(): Promise<Reply<'policies'>> {
    return answered('rotation worker', this.questions.ask('rotation.policies', {}, { timeoutMs: ANSWER_MS }));
  }

  @Route('policyHistory')
  history(@Param('name', new Parsed(slug)) policy: string): Promise<Reply<'policyHistory'>> {
    return answered('rotation worker', this.questions.ask('rotation.history', { policy }, { timeoutMs: ANSWER_MS }));
  }

  @Route('checkPolicies')
  check(@Body(new Parsed(checkBody)) body: z.output<typeof checkBody>, @Asker() asker: Principal): Promise<Reply<'checkPolicies'>> {
    return answered('rotation worker', this.questions.ask('rotation.apply', { ...body, by: asker.name, reason: NO_REASON, dryRun: true }, { timeoutMs: ANSWER_MS }));
  }

  /** Safety: who changes a policy is taken from the session; the worker keeps it with the reason. */
  @Route('applyPolicies', OPERATING_ROLES)
  async apply(@Body(new Parsed(applyBody)) body: z.output<typeof applyBody>, @Asker() asker: Principal): Promise<Reply<'applyPolicies'>> {
    const applied = await answered('rotation worker', this.questions.ask('rotation.apply', { ...body, by: asker.name, dryRun: false }, { timeoutMs: APPLIED_MS }));
    for (const topic of ['policies', 'rotations'] as const) this.live.tell(topic);
    return applied;
  }
}
