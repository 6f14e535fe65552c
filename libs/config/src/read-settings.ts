import { z } from 'zod';

/** Reads a process's settings from its environment. Errors: throws once, with every setting that is missing or wrong, by name. */
export function readSettings<S extends z.ZodObject>(form: S, environment: Readonly<Record<string, string | undefined>>): z.output<S> {
  const parsed = form.safeParse(environment);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`settings are missing or wrong; set them in the environment:\n${lines.join('\n')}`);
}
