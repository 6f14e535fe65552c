import { HttpException } from '@nestjs/common';

/** What is told to the caller: never a stack, a statement of the database or a path. */
export class ApiProblem extends HttpException {
  constructor(
    status: number,
    readonly title: string,
    readonly detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail, status);
  }
}

export const notFound = (what: string): ApiProblem => new ApiProblem(404, 'Not found', `There is no ${what}.`);
export const badRequest = (detail: string): ApiProblem => new ApiProblem(400, 'Request not understood', detail);
export const notSignedIn = (detail = 'Sign in first.'): ApiProblem => new ApiProblem(401, 'Not signed in', detail);
export const forbidden = (detail: string): ApiProblem => new ApiProblem(403, 'Not allowed', detail);
