import type { ConsumerName, Envelope } from '@mailwarden/contracts';
import { applyDecorators, Catch, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';
import type { z } from 'zod';

/** One message as a handler gets it: signature, subject and form are checked. */
export interface Received<T> {
  readonly envelope: Envelope<T>;
  readonly subject: string;
  readonly streamSequence: number;
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
}

/** A message that is no envelope: nothing of it was checked, and what it says is nobody's word. */
export interface ReceivedBytes {
  readonly bytes: Uint8Array;
  readonly subject: string;
  readonly streamSequence: number;
}

/** What a handler accepts: message types with the forms of their payloads; null for bytes as they are. */
export interface Consumption {
  readonly types: Readonly<Record<string, z.ZodType>> | null;
}

/** Lets a handler's own error through to the transport, which decides by it; the framework would replace it. */
@Catch()
class KeepError implements RpcExceptionFilter<unknown> {
  catch(exception: unknown): Observable<never> {
    return throwError(() => exception);
  }
}

/**
 * Makes a controller's method the handler of one durable consumer.
 * Returning acknowledges. Errors: `RetryLater` delays, `Poison` puts aside, a dependency that is away waits, anything else is tried again and then put aside.
 */
export const Consumes = (consumer: ConsumerName, consumption: Consumption): MethodDecorator =>
  applyDecorators(MessagePattern(consumer, { ...consumption }), UseFilters(new KeepError()));
