import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { notFound } from '../http/api-problem.js';
import { Public } from '../http/route.js';
import { ConsoleFiles } from './console-files.js';

/** Serves the console's own files. They hold no data of the fleet: the console asks the API for that, signed in. */
@Controller()
export class ConsoleController {
  constructor(private readonly files: ConsoleFiles) {}

  @Public()
  @Get('/*')
  async file(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    // Taken as it stands: an address that is tidied, as `//host/..`, is one that somebody else has read in another way.
    const [address = '/'] = request.url.split('?', 1);
    const file = address.startsWith('/api/') ? undefined : this.files.of(address);
    if (file === undefined) throw notFound('page at this address');
    await reply.headers({ 'content-type': file.type, 'cache-control': file.cacheControl }).send(file.open());
  }
}
