import { InvalidArgumentError, Option, type Command } from 'commander';
import { commandContext, type CommandContext } from './commands/context.js';
import type { ExitCode } from './failure.js';

/** Options that every command understands. */
export interface SharedOptions {
  readonly data?: string;
  readonly format?: string;
  readonly color?: boolean;
}

type Run<O> = (options: O & SharedOptions, context: CommandContext, args: readonly string[]) => Promise<ExitCode>;

/** Reads a whole number of an option. Errors: commander's own, with the bounds. */
export function wholeNumber(max: number, min = 0): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!Number.isInteger(number) || number < min || number > max) throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`);
    return number;
  };
}

/** Keeps every value of an option that may be given again. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

export interface CommandTexts {
  readonly summary: string;
  readonly example: string;
  /** What its exit codes tell a script. */
  readonly exits?: string;
  /** Shared options that mean nothing to it: taken, so that a script may give them to every command, but not shown. */
  readonly without?: readonly ('data' | 'format')[];
}

/** Adds one command. Its code is loaded when it runs, so that the command line itself starts at once. */
export function add<O>(parent: Command, usage: string, texts: CommandTexts, shape: (command: Command) => Command, run: Run<O>): void {
  const { without = [] } = texts;
  const shared = (name: 'data' | 'format', option: Option): Option => (without.includes(name) ? option.hideHelp() : option);
  const command = shape(parent.command(usage).description(texts.summary))
    .addOption(shared('data', new Option('--data <dir>', 'data folder of the local runtime').default('.mailwarden')))
    .addOption(shared('format', new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text')))
    .option('--no-color', 'print without colours')
    .option('--verbose', 'show the cause of a failure')
    .addHelpText('after', `${texts.exits === undefined ? '' : `\nExit: ${texts.exits}\n`}\nExample:\n  ${texts.example}`);
  command.action(async () => {
    const options = command.opts<O & SharedOptions>();
    process.exitCode = await run(options, commandContext(options), command.args);
  });
}

/** A command without options of its own. */
export const plain = (command: Command): Command => command;

/** A command that decides something. */
export const withReason = (command: Command): Command => command.requiredOption('--reason <text>', 'why; kept with the decision');
