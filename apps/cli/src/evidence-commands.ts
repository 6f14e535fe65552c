import { type Command } from 'commander';
import { add } from './add-command.js';

/** `evidence`: what an auditor takes along, and how it is checked. */
export function addEvidence(program: Command): void {
  const evidence = program.command('evidence').description('packs for auditors: what was decided and attested, with its proofs');
  add<{ agreement: string; output: string; checkpoint?: string }>(
    evidence,
    'export',
    { summary: 'write all evidence about one agreement to a file: texts, decisions, what each server attested, proofs', example: 'mailwarden evidence export --agreement ksn-statement --output ksn-statement.evidence.jsonl' },
    (command) => command.requiredOption('--agreement <agreement>', 'what it is about').requiredOption('--output <file>', 'a new file').option('--checkpoint <file>', 'a checkpoint that was kept since, as a SIEM heard of it: the ledger is shown to go on from it'),
    async (options, context) => (await import('./commands/evidence.js')).exportEvidence(options, context),
  );
  add<{ trust?: string; checkpoint?: string }>(
    evidence,
    'verify <file>',
    { summary: 'check such a file; needs no server and no network', example: 'mailwarden evidence verify ksn-statement.evidence.jsonl --trust trust.json', exits: '0 it holds, 1 something of it does not, 2 failed', without: ['data'] },
    (command) => command.option('--trust <file>', 'public keys of the services that you know from elsewhere; otherwise it is checked by its own').option('--checkpoint <file>', 'the checkpoint that it was exported with'),
    async (options, context, [file = '']) => (await import('./commands/evidence.js')).verifyEvidence(file, options, context),
  );
}
