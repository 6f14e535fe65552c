import { ServiceTelemetry } from '@mailwarden/telemetry';
import { Controller, Get } from '@nestjs/common';
import { ApiProblem } from '../http/api-problem.js';
import { Public } from '../http/route.js';

/** For whoever restarts or routes: nothing of the fleet is told here. The door of telemetry tells more, and only to the machine itself. */
@Controller()
export class HealthController {
  constructor(private readonly telemetry: ServiceTelemetry) {}

  @Public()
  @Get('/healthz')
  alive(): { readonly status: 'alive' } {
    if (!this.telemetry.health.live().well) throw new ApiProblem(503, 'Not alive', 'A consumer hangs; the service has to be started again.');
    return { status: 'alive' };
  }

  @Public()
  @Get('/readyz')
  async ready(): Promise<{ readonly status: 'ready' }> {
    const { well, because } = await this.telemetry.health.ready();
    if (!well) throw new ApiProblem(503, 'Not ready', `Not everything is there: ${because.join('; ')}.`);
    return { status: 'ready' };
  }
}
