import { askService } from '@mailwarden/messaging';
import { Controller, Inject } from '@nestjs/common';
import type { NatsConnection } from '@nats-io/transport-node';
import { Route, type Reply } from '../http/route.js';
import { answered } from '../http/service-answer.js';
import { BUS } from '../tokens.js';

const ANSWER_MS = 5_000;

@Controller()
export class PoliciesController {
  constructor(@Inject(BUS) private readonly bus: NatsConnection) {}

  @Route('policies')
  policies(): Promise<Reply<'policies'>> {
    return answered('rotation worker', askService(this.bus, 'rotation.policies', {}, { timeoutMs: ANSWER_MS }));
  }
}
