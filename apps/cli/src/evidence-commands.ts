import { type Command } from 'commander';
import { add, plain } from './add-command.js';
import type { ExportOptions } from './commands/evidence-export.js';
import type { VerifyOptions } from './commands/evidence.js';

const withKnowledge = (command: Command): Command =>
  command.option('--trust <file>', 'public keys of the services that you know from elsewhere; otherwise it is checked by its own').option('--checkpoint <file>', 'what was kept of the ledger from before: an event of a SIEM, the file of a witness, a time-stamp token');

/** `evidence`: what an auditor takes along, and how it is checked. */
export function addEvidence(program: Command): void {
  const evidence = program.command('evidence').description('packs for auditors: what was decided, deleted and attested, with its proofs');
  add<ExportOptions>(
    evidence,
    'export',
    { summary: 'write all evidence of a period, or about one agreement, to a file, with its proofs', example: 'mailwarden evidence export --from 2026-11-01 --to 2026-11-30 --output november.evidence.jsonl' },
    (command) =>
      command
        .option('--from <moment>', 'where the period begins: a day, or a moment with its zone')
        .option('--to <moment>', 'where it ends; a day means all of it; without it, now')
        .option('--server <name>', 'only what is about one server; the entries of others are told by their hashes alone')
        .option('--agreement <agreement>', 'in place of a period: texts, decisions and what each server attested')
        .requiredOption('--output <file>', 'a new file')
        .option('--checkpoint <file>', 'a checkpoint that was kept since, as a SIEM heard of it: the ledger is shown to go on from it'),
    async (options, context) => (await import('./commands/evidence-export.js')).exportEvidence(options, context),
  );
  add<VerifyOptions>(
    evidence,
    'verify <file>',
    { summary: 'check such a file; needs no server and no network', example: 'mailwarden evidence verify november.evidence.jsonl --trust trust.json', exits: '0 it holds, 1 something of it does not, 2 failed', without: ['data'] },
    withKnowledge,
    async (options, context, [file = '']) => (await import('./commands/evidence.js')).verifyEvidence(file, options, context),
  );
  add<VerifyOptions & { output: string }>(
    evidence,
    'report <file>',
    { summary: 'check such a file and write what it holds as a page to read and to print', example: 'mailwarden evidence report november.evidence.jsonl --trust trust.json --output november.html', exits: '0 it holds, 1 something of it does not, and the page says so, 2 failed', without: ['data'] },
    (command) => withKnowledge(command).requiredOption('--output <file>', 'a new file, HTML'),
    async (options, context, [file = '']) => (await import('./commands/evidence-report.js')).reportEvidence(file, options, context),
  );
  add(
    evidence,
    'verifier',
    { summary: 'print a program of one file that checks packs by Node alone, to be put beside one; its SHA-256 goes to standard error', example: 'mailwarden evidence verifier > verify-evidence.mjs', without: ['data', 'format'] },
    plain,
    async (_options, context) => (await import('./commands/evidence-verifier.js')).printVerifier(context),
  );
}
