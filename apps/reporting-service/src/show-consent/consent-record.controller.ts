import { consentRecordRequest } from '@mailwarden/contracts';
import { ServiceQuestions } from '@mailwarden/messaging';
import { Controller, Header, Query } from '@nestjs/common';
import type { z } from 'zod';
import { Parsed } from '../http/parsed.js';
import { Route, type Reply } from '../http/route.js';
import { answered } from '../http/service-answer.js';

/** A record of many decisions takes longer than a look at one. Units: milliseconds. */
const ANSWER_MS = 10_000;
const recordQuery = consentRecordRequest.extend({ decision: consentRecordRequest.shape.decision.unwrap().optional() });

/** Consent records and receipts, for taking along. */
@Controller()
export class ConsentRecordController {
  constructor(private readonly questions: ServiceQuestions) {}

  @Route('consentRecord')
  @Header('content-type', 'application/ld+json; charset=utf-8')
  record(@Query(new Parsed(recordQuery)) { agreement, decision }: z.output<typeof recordQuery>): Promise<Reply<'consentRecord'>> {
    return answered('consent registry', this.questions.ask('consent.record', { agreement, decision: decision ?? null }, { timeoutMs: ANSWER_MS }));
  }
}
