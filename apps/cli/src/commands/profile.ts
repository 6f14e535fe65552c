import { parseProfile } from '@mailwarden/catalogue';
import { loadProfiles } from '@mailwarden/config';
import { type ProfileId } from '@mailwarden/kernel';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import { renderTable } from '../output/table.js';
import { printable } from '../output/terminal.js';
import { readNamedFile } from './named-file.js';
import { printJson, printLines, type CommandContext } from './context.js';

/** Says what is wrong with a profile file, line by line. */
export async function profileLint(file: string, context: CommandContext): Promise<ExitCode> {
  const parsed = parseProfile(await readNamedFile(file, 'profile'));
  const problems = parsed.ok ? [] : parsed.error;
  if (context.format === 'json') printJson(context, { schema: 'mailwarden/lint/v1', file, problems });
  else if (parsed.ok) context.print(`${file}: in order, ${parsed.value.stores.length} ${parsed.value.stores.length === 1 ? 'store' : 'stores'}`);
  else {
    printLines(
      context,
      problems.flatMap((problem) => [
        printable(`${file}:${problem.line}:${problem.column}  ${problem.path === '' ? '' : `${problem.path}: `}${problem.message}`),
        context.style.dim(printable(`    ${problem.advice}`)),
      ]),
    );
  }
  return parsed.ok ? EXIT.nothingFound : EXIT.found;
}

export async function profileList(context: CommandContext): Promise<ExitCode> {
  const profiles = [...(await loadProfiles({})).values()];
  if (context.format === 'json') printJson(context, profiles.map(({ id, product, stores }) => ({ id, product, stores: stores.length })));
  else {
    printLines(
      context,
      renderTable(
        [
          { title: 'profile', text: (profile) => profile.id },
          { title: 'product', text: (profile) => profile.product.name },
          { title: 'versions', text: (profile) => profile.product.versions },
          { title: 'stores', text: (profile) => String(profile.stores.length), align: 'right' },
        ],
        profiles,
        context.style,
      ),
    );
  }
  return EXIT.nothingFound;
}

export async function profileShow(id: string, context: CommandContext): Promise<ExitCode> {
  const profile = (await loadProfiles({})).get(id as ProfileId);
  if (profile === undefined) throw new CommandFailure(`no profile is called ${id}`, 'see: mailwarden profile list');
  if (context.format === 'json') {
    printJson(context, profile);
    return EXIT.nothingFound;
  }
  context.print(`${context.style.bold(profile.product.name)}  ${profile.product.vendor}, versions ${profile.product.versions}`);
  printLines(
    context,
    renderTable(
      [
        { title: 'store', text: (store) => store.id },
        { title: 'section', text: (store) => store.section },
        { title: 'kind', text: (store) => store.kind },
        { title: 'stated limits', text: (store) => store.limits.map((limit) => `${limit.written} [${limit.source}]`).join(', ') || 'none' },
        { title: 'accounts', text: (store) => store.protection.accounts?.join(', ') ?? 'not stated' },
      ],
      profile.stores,
      context.style,
    ),
  );
  context.print(context.style.dim(`sources: ${Object.entries(profile.sources).map(([key, source]) => `${key} "${source.title}"`).join('; ')}`));
  return EXIT.nothingFound;
}
