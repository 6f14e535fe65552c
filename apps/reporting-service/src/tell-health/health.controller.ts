import { Controller, Get, Inject } from '@nestjs/common';
import type { NatsConnection } from '@nats-io/transport-node';
import { DataSource } from 'typeorm';
import { ApiProblem } from '../http/api-problem.js';
import { Public } from '../http/route.js';
import { BUS } from '../tokens.js';

const CHECK_MS = 2_000;

const within = <T>(work: Promise<T>): Promise<boolean> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), CHECK_MS);
    work.then(
      () => resolve(true),
      () => resolve(false),
    ).finally(() => clearTimeout(timer));
  });

/** For whoever restarts or routes: nothing of the fleet is told here. */
@Controller()
export class HealthController {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(BUS) private readonly bus: NatsConnection,
  ) {}

  @Public()
  @Get('/healthz')
  alive(): { readonly status: 'alive' } {
    return { status: 'alive' };
  }

  @Public()
  @Get('/readyz')
  async ready(): Promise<{ readonly status: 'ready' }> {
    const [database, bus] = await Promise.all([within(this.dataSource.query('SELECT 1')), within(this.bus.flush())]);
    if (!database || !bus) throw new ApiProblem(503, 'Not ready', `Waits for ${[database ? '' : 'the database', bus ? '' : 'the bus'].filter((part) => part !== '').join(' and ')}.`);
    return { status: 'ready' };
  }
}
