import { styleFor, widthFrom, type Style } from '../output/terminal.js';

/** What every command gets beside its own options. */
export interface CommandContext {
  /** Folder of the local runtime. */
  readonly dataDir: string;
  readonly format: 'text' | 'json';
  readonly style: Style;
  /** Writes one line to standard output. */
  readonly print: (line: string) => void;
}

export function commandContext(options: { data?: string | undefined; format?: string | undefined; color?: boolean | undefined }): CommandContext {
  return {
    dataDir: options.data ?? '.mailwarden',
    format: options.format === 'json' ? 'json' : 'text',
    style: styleFor({ isTerminal: process.stdout.isTTY, noColor: process.env['NO_COLOR'], refused: options.color === false, width: widthFrom({ columns: process.stdout.columns, variable: process.env['COLUMNS'] }) }),
    print: (line) => void process.stdout.write(`${line}\n`),
  };
}

export const printJson = (context: CommandContext, value: unknown): void => context.print(JSON.stringify(value, null, 2));
export const printLines = (context: CommandContext, lines: readonly string[]): void => {
  for (const line of lines) context.print(line);
};
