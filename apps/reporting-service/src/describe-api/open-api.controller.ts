import { openApiDocument } from '@mailwarden/contracts';
import { Controller, Get, SetMetadata } from '@nestjs/common';
import { API_PREFIX, EVERY_ROLE, ROLES_KEY } from '../http/route.js';

@Controller()
export class OpenApiController {
  readonly #document = openApiDocument();

  @Get(`${API_PREFIX}/openapi.json`)
  @SetMetadata(ROLES_KEY, EVERY_ROLE)
  document(): unknown {
    return this.#document;
  }
}
