import { AGREEMENT_BYTES_MAX, AGREEMENT_CHARACTERS_MAX, type AgreementText, type ConsentView } from '@mailwarden/contracts';
import { exactText } from '@mailwarden/kernel';
import { ApiClient } from '../api-client.js';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import { diffText } from '../output/diff-text.js';
import { renderTable } from '../output/table.js';
import { printable } from '../output/terminal.js';
import { printJson, printLines, type CommandContext } from './context.js';
import { momentFrom } from './hold.js';
import { boundedBytes } from './named-file.js';

/** Shortest beginning of a hash that is taken for it. */
const HASH_CHARACTERS_MIN = 8;

type Agreement = ConsentView['agreements'][number];
type Version = Agreement['versions'][number];

/** A text as its file has it, so that its hash is the file's. Errors: CommandFailure for what cannot be read, is too long, or is no UTF-8. */
async function textOf(file: string): Promise<string> {
  const bytes = await boundedBytes(file, AGREEMENT_BYTES_MAX, { tooLong: [`${file} is longer than an agreement may be (${AGREEMENT_CHARACTERS_MAX} characters)`, 'name the text of one agreement'], advice: 'name the file with the text of the agreement' });
  const text = exactText(bytes);
  if (text === null) throw new CommandFailure(`${file} is no text in UTF-8`, 'the hash that decisions name is that of the file, so it cannot be changed on the way; give in the edition in UTF-8');
  return text;
}

export interface AddTextOptions {
  readonly label: string;
  readonly language: string;
  readonly effectiveAt?: string | undefined;
}

/** Gives in the text of an agreement. */
export async function addText(agreement: string, file: string, { label, language, effectiveAt }: AddTextOptions, context: CommandContext): Promise<ExitCode> {
  const text = await textOf(file);
  const client = await ApiClient.forRuntime(context.dataDir);
  const added = await client.ask('addAgreementText', { body: { agreement, label, language, effectiveAt: effectiveAt === undefined ? null : momentFrom('--effective-at', effectiveAt, 'beginning'), text } });
  if (context.format === 'json') printJson(context, { ...added, text: undefined });
  else printLines(context, [`${agreement}: ${label} (${language}) is known now, sha256 ${added.textSha256}`, `A decision that names no text covers the newest that is in effect; another one is named with --text ${added.textSha256.slice(0, 12)}`]);
  return EXIT.nothingFound;
}

async function agreementOf(client: ApiClient, id: string): Promise<Agreement> {
  const { agreements } = await client.ask('consents');
  const found = agreements.find((agreement) => agreement.id === id);
  if (found === undefined) throw new CommandFailure(`no agreement is called ${id}`, `known: ${agreements.map((agreement) => agreement.id).join(', ')}`);
  return found;
}

/** The one text whose hash begins so. Errors: CommandFailure for none, or more than one. */
export function versionOf({ id, versions }: Pick<Agreement, 'id' | 'versions'>, typed: string): Version {
  const found = versions.filter(({ textSha256 }) => textSha256.startsWith(typed.toLowerCase()));
  const [only] = found;
  if (typed.length < HASH_CHARACTERS_MIN || only === undefined) throw new CommandFailure(`no text of ${id} has a hash that begins with ${typed}`, `give ${HASH_CHARACTERS_MIN} characters or more; see: mailwarden consent text list ${id}`);
  if (found.length > 1) throw new CommandFailure(`${found.length} texts of ${id} have a hash that begins with ${typed}`, 'give more of it');
  return only;
}

/** The hash of the text that was meant by its beginning. */
export const hashOf = async (client: ApiClient, agreement: string, typed: string): Promise<string> => versionOf(await agreementOf(client, agreement), typed).textSha256;

export async function listTexts(agreement: string, context: CommandContext): Promise<ExitCode> {
  const { versions } = await agreementOf(await ApiClient.forRuntime(context.dataDir), agreement);
  if (context.format === 'json') printJson(context, versions);
  else if (versions.length === 0) context.print(`No text of ${agreement} is known yet. Give one in with: mailwarden consent text add ${agreement} FILE --label NAME`);
  else {
    printLines(context, renderTable([
      { title: 'text', text: (row: Version) => row.textSha256.slice(0, 12) },
      { title: 'label', text: (row) => row.label },
      { title: 'language', text: (row) => row.language },
      { title: 'in effect from', text: (row) => row.effectiveAt ?? '-' },
      { title: 'known since', text: (row) => row.seenAt },
      { title: 'from', text: (row) => (row.origin === 'imported' ? 'given in' : 'seen on a server') },
    ], versions, context.style));
  }
  return EXIT.nothingFound;
}

async function wordsOf(client: ApiClient, agreement: string, typed: string): Promise<AgreementText & { readonly text: string }> {
  const textSha256 = await hashOf(client, agreement, typed);
  const { text, ...facts } = await client.ask('agreementText', { params: { agreement, sha256: textSha256 } });
  if (text === null) throw new CommandFailure(`the words of ${agreement} ${textSha256.slice(0, 12)} are not known: servers tell the hash alone`, `have them fetched with: mailwarden consent text fetch ${agreement} ${textSha256.slice(0, 12)} --label NAME`);
  return { ...facts, text };
}

export async function showText(agreement: string, typed: string, context: CommandContext): Promise<ExitCode> {
  const found = await wordsOf(await ApiClient.forRuntime(context.dataDir), agreement, typed);
  if (context.format === 'json') printJson(context, found);
  else printLines(context, found.text.split('\n').map(printable));
  return EXIT.nothingFound;
}

/** How long the command waits for a server's answer. Units: milliseconds. */
const FETCH_MS_MAX = 30_000;
const FETCH_LOOK_MS = 500;

/** Has the words of a text fetched from a server, and waits for them a while. Exit: 0 they are here, 1 not yet. Errors: CommandFailure where they cannot come. */
export async function fetchText(agreement: string, typed: string, { label, language, effectiveAt, server }: AddTextOptions & { readonly server?: string | undefined }, context: CommandContext): Promise<ExitCode> {
  const client = await ApiClient.forRuntime(context.dataDir);
  const textSha256 = await hashOf(client, agreement, typed);
  const asked = await client.ask('fetchAgreementText', { body: { agreement, textSha256, label, language, effectiveAt: effectiveAt === undefined ? null : momentFrom('--effective-at', effectiveAt, 'beginning'), server: server ?? null } });
  for (const until = Date.now() + FETCH_MS_MAX; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, FETCH_LOOK_MS))) {
    const view = await client.ask('consents');
    const version = view.agreements.find(({ id }) => id === agreement)?.versions.find((one) => one.textSha256 === textSha256);
    if (version?.origin === 'imported') {
      if (context.format === 'json') printJson(context, version);
      else context.print(`${agreement}: the words of ${label} came from ${asked.server}; read them with: mailwarden consent text show ${agreement} ${textSha256.slice(0, 12)}`);
      return EXIT.nothingFound;
    }
    const failed = view.fetches.find((one) => one.agreement === agreement && one.textSha256 === textSha256)?.failed ?? null;
    if (failed !== null) throw new CommandFailure(`${asked.server} could not tell the words of ${agreement} ${textSha256.slice(0, 12)}: ${failed}`, `name another server with --server, or give the file in with: mailwarden consent text add ${agreement} FILE --label NAME`);
  }
  if (context.format === 'json') printJson(context, asked);
  else context.print(`${asked.server} was asked and has not answered yet; the words come when its agent is heard`);
  return EXIT.found;
}

/** Exit: 0 the same, 1 they differ. */
export async function diffTexts(agreement: string, before: string, after: string, context: CommandContext): Promise<ExitCode> {
  const client = await ApiClient.forRuntime(context.dataDir);
  const [old, fresh] = [await wordsOf(client, agreement, before), await wordsOf(client, agreement, after)];
  const name = ({ label, textSha256 }: AgreementText): string => `${agreement}, ${label} (${textSha256.slice(0, 12)})`;
  const lines = diffText(old.text, fresh.text, { before: name(old), after: name(fresh) }, context.style);
  if (context.format === 'json') printJson(context, { before: old, after: fresh });
  else printLines(context, lines.length === 0 ? ['the same'] : lines);
  return lines.length === 0 ? EXIT.nothingFound : EXIT.found;
}
