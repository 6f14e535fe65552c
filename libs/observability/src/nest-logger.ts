import type { LoggerService } from '@nestjs/common';
import type { Logger } from './logger.js';
import { plainText } from './plain-error.js';

type Level = 'debug' | 'trace' | 'warn' | 'error' | 'fatal';

/** Hands the framework's own lines to the process's log; its boot chatter counts as debug. */
export class NestLogger implements LoggerService {
  readonly #target: Logger;

  constructor(target: Logger) {
    this.#target = target;
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.#write('debug', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.#write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.#write('trace', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.#write('warn', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.#write('error', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.#write('fatal', message, rest);
  }

  #write(level: Level, message: unknown, rest: readonly unknown[]): void {
    const context = rest.findLast((item) => typeof item === 'string');
    const named = context === undefined ? {} : { context };
    if (message instanceof Error) this.#target[level]({ ...named, err: message }, plainText(message.message));
    else this.#target[level](named, plainText(String(message)));
  }
}

export const nestLogger = (target: Logger): NestLogger => new NestLogger(target);
