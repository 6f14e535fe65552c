import { ROUTES } from '@mailwarden/contracts';
import { Body, Controller, Param } from '@nestjs/common';
import type { z } from 'zod';
import { ApiProblem } from '../http/api-problem.js';
import { Parsed } from '../http/parsed.js';
import { Route, type Reply } from '../http/route.js';
import { FIRST_OPERATOR, OperatorBook } from './operator-book.js';
import { Asker, type Principal } from './principal.js';

const addBody = ROUTES.addOperator.request;

/** Whom the administrator lets in. */
@Controller()
export class OperatorsController {
  constructor(private readonly book: OperatorBook) {}

  @Route('operators', ['administrator'])
  async list(): Promise<Reply<'operators'>> {
    return { operators: await this.book.list() };
  }

  @Route('addOperator', ['administrator'])
  async add(@Body(new Parsed(addBody)) { name, role }: z.output<typeof addBody>, @Asker() asker: Principal): Promise<Reply<'addOperator'>> {
    if (name === FIRST_OPERATOR.name) throw new ApiProblem(409, 'This name is taken', `${name} is whoever runs Mailwarden on its machine, who gets a link with: mailwarden login. Take another name.`);
    const { token, until } = await this.book.add(name, role, asker.name);
    return { link: `/sign-in#link=${token}`, until };
  }

  @Route('removeOperator', ['administrator'])
  async remove(@Param('name') name: string, @Asker() asker: Principal): Promise<Reply<'removeOperator'>> {
    if (!(await this.book.remove(name, asker.name))) throw new ApiProblem(404, 'There is no such person', `Nobody who may sign in is called ${name}. See who does with: mailwarden operator list`);
    return {};
  }
}
