import { z } from 'zod';

interface FieldSchema {
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const inCode = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

/**
 * One row for each member of a form: whether it is needed, or what it is without being written, and what it means.
 * Errors: throws when a member has no meaning, or a meaning has no member.
 */
export function fieldTable(form: z.ZodType, meanings: Readonly<Record<string, string>> = {}): string[] {
  const { properties, required = [] } = z.toJSONSchema(form, { io: 'input', unrepresentable: 'any' }) as { properties: Readonly<Record<string, FieldSchema>>; required?: readonly string[] };
  const strangers = Object.keys(meanings).filter((name) => properties[name] === undefined);
  if (strangers.length > 0) throw new Error(`a meaning is given for what the form does not have: ${strangers.join(', ')}`);
  const rows = Object.entries(properties).map(([name, { description, default: fallback, enum: values }]) => {
    const meaning = meanings[name] ?? description ?? (name === 'source' ? 'Key of a page in `sources`' : undefined);
    if (meaning === undefined) throw new Error(`the field ${name} has no meaning; describe it in its form`);
    const needed = required.includes(name) ? 'yes' : fallback === undefined ? 'no' : `no: ${inCode(fallback)}`;
    return `| \`${name}\` | ${cell(needed)} | ${cell(values === undefined ? meaning : `${meaning}: ${values.map(inCode).join(', ')}`)} |`;
  });
  return ['| field | needed | meaning |', '|---|---|---|', ...rows];
}
