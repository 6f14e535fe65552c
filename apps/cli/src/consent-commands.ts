import { type Command } from 'commander';
import { add, plain, withReason } from './add-command.js';

interface DecisionOptions {
  readonly group?: string;
  readonly server?: string;
  readonly onBehalfOf: string;
  readonly reason: string;
  readonly text?: string;
  readonly region?: string;
  readonly validUntil?: string;
  readonly decidedAt?: string;
  readonly wait?: boolean;
}

const AGREEMENTS_HELP = `
Agreements:
  eula, privacy-policy, ksn-statement, supplementary-ksn-statement
  ksn           taking part in KSN; refused, it takes the supplementary statement with it
  ksn-extended  KSN statistics, which need both statements`;

const IMPORT_HELP = `
Columns, or members of each object of a JSON list:
  agreement, action     as in: ksn-statement, grant (or decline, withdraw)
  scope                 organisation (where it is left out), group role=mx, or server mx-1
  on-behalf-of, reason  whom it binds, and why
  decided-at            a day, or a moment with its zone
  text, valid-until, region   may be left out; text is the SHA-256 of the agreement's text`;

function addConsentTexts(consent: Command): void {
  const text = consent.command('text').description('the texts of agreements: give them in, read and compare them');
  add<{ label: string; language: string; effectiveAt?: string }>(
    text,
    'add <agreement> <file>',
    { summary: 'give in the text of an agreement; decisions name it by the hash of the file', example: 'mailwarden consent text add ksn-statement ./ksn.txt --label 2026-11 --effective-at 2026-11-01' },
    (command) => command.requiredOption('--label <name>', 'what people call this version').option('--language <tag>', 'language of the text', 'en').option('--effective-at <moment>', 'from when it is in effect'),
    async (options, context, [agreement = '', file = '']) => (await import('./commands/consent-texts.js')).addText(agreement, file, options, context),
  );
  add(text, 'list <agreement>', { summary: 'list the texts of an agreement that are known', example: 'mailwarden consent text list ksn-statement' }, plain, async (_options, context, [agreement = '']) => (await import('./commands/consent-texts.js')).listTexts(agreement, context));
  add<{ label: string; language: string; effectiveAt?: string; server?: string }>(
    text,
    'fetch <agreement> <hash>',
    { summary: 'have the words of a text fetched that a server was only seen to hold; they come sealed', example: 'mailwarden consent text fetch ksn-statement 3f2a9c01 --label 2026-11', exits: '0 its words are here, 1 no answer yet, 2 it cannot be' },
    (command) => command.requiredOption('--label <name>', 'what people call this version').option('--language <tag>', 'language of the text', 'en').option('--effective-at <moment>', 'from when it is in effect').option('--server <name>', 'the server to ask; otherwise one that is heard'),
    async (options, context, [agreement = '', hash = '']) => (await import('./commands/consent-texts.js')).fetchText(agreement, hash, options, context),
  );
  add(text, 'show <agreement> <hash>', { summary: 'print one text', example: 'mailwarden consent text show ksn-statement 3f2a9c01' }, plain, async (_options, context, [agreement = '', hash = '']) => (await import('./commands/consent-texts.js')).showText(agreement, hash, context));
  add(text, 'diff <agreement> <before> <after>', { summary: 'compare two texts', example: 'mailwarden consent text diff ksn-statement 3f2a9c01 77b0d41e', exits: '0 the same, 1 they differ, 2 failed' }, plain, async (_options, context, [agreement = '', before = '', after = '']) => (await import('./commands/consent-texts.js')).diffTexts(agreement, before, after, context));
}

/** Decisions that take two persons. */
function addProposals(consent: Command): void {
  const proposals = () => import('./commands/consent-proposals.js');
  add(consent, 'proposals [id]', { summary: 'list the decisions that wait for a second person, or show all of one', example: 'mailwarden consent proposals', exits: '0 none waits, or it was shown, 1 some do, 2 failed' }, plain, async (_options, context, [id]) => (id === undefined ? (await proposals()).listProposals(context) : (await proposals()).showProposal(id, context)));
  add<{ reason: string }>(consent, 'confirm <id>', { summary: 'confirm what another person proposed: it is recorded', example: 'mailwarden consent confirm 1c2f9a07 --reason "read the statement"' }, withReason, async ({ reason }, context, [id = '']) => (await proposals()).answerProposal('confirm', id, reason, context));
  add<{ reason: string }>(consent, 'reject <id>', { summary: 'reject it, or take back what you proposed: nothing is recorded', example: 'mailwarden consent reject 1c2f9a07 --reason "not the text of 2026"' }, withReason, async ({ reason }, context, [id = '']) => (await proposals()).answerProposal('reject', id, reason, context));
}

/** `consent`: what the organisation agreed to, and how far it has reached. */
export function addConsent(program: Command): void {
  const consent = program.command('consent').description('agreements: record decisions and see how far they have reached');
  for (const action of ['grant', 'decline', 'withdraw'] as const) {
    add<DecisionOptions>(
      consent,
      `${action} <agreement>`,
      { summary: `${action} consent to an agreement, for the organisation unless a scope is named`, example: `mailwarden consent ${action} ksn --on-behalf-of "Example organisation" --reason "decided by the board" --wait`, exits: '0 recorded, 1 it waits for a second person, or not every live agent has attested it in time, 2 not recorded' },
      (command) =>
        command
          .addHelpText('after', AGREEMENTS_HELP)
          .option('--group <label=value>', 'scope: servers with this label')
          .option('--server <name>', 'scope: one server')
          .requiredOption('--on-behalf-of <whom>', 'whom the decision binds')
          .requiredOption('--reason <text>', 'why; kept with the decision')
          .option('--text <hash>', 'the text that was decided on, by the beginning of its hash; otherwise the newest that is in effect')
          .option('--region <region>', 'it counts only where a server\'s label region says so')
          .option('--valid-until <moment>', 'it lapses then')
          .option('--decided-at <moment>', 'when it was decided, where an older document is recorded')
          .option('--wait', 'wait until every live agent has attested it'),
      async (options, context, [agreement = '']) => (await import('./commands/consent.js')).decide(action, agreement, { ...options, wait: options.wait === true }, context),
    );
  }
  addConsentTexts(consent);
  add<{ dryRun?: boolean }>(
    consent,
    'import <file>',
    { summary: 'take over decisions that were made elsewhere, from CSV or JSON: all of a file, or none', example: 'mailwarden consent import ./decisions.csv --dry-run', exits: '0 recorded, or nothing is wrong with them, 1 they wait for a second person, 2 something is wrong and nothing was recorded' },
    (command) => command.addHelpText('after', IMPORT_HELP).option('--dry-run', 'check everything and record nothing'),
    async (options, context, [file = '']) => (await import('./commands/consent-import.js')).importDecisions(file, options.dryRun === true, context),
  );
  addProposals(consent);
  add<{ knownAt?: string; server?: string }>(
    consent,
    'at <moment>',
    { summary: 'what counted at an instant: as it was known then, or at another instant', example: 'mailwarden consent at 2026-03-31 --known-at 2026-06-30 --server mx-1' },
    (command) => command.option('--known-at <moment>', 'with what was recorded until then; otherwise as it was known at the instant itself').option('--server <name>', 'only for one server'),
    async (options, context, [moment = '']) => (await import('./commands/consent-past.js')).consentPast(moment, options, context),
  );
  add<{ decision?: string; output?: string }>(
    consent,
    'record <agreement>',
    { summary: 'the consent record of an agreement as JSON-LD, after ISO/IEC TS 27560; or the receipt of one decision', example: 'mailwarden consent record ksn-statement --output ksn-statement.jsonld' },
    (command) => command.option('--decision <id>', 'the receipt of this decision').option('--output <file>', 'write it there; otherwise it is printed'),
    async (options, context, [agreement = '']) => (await import('./commands/consent-record.js')).writeConsentRecord(agreement, options, context),
  );
  add(consent, 'transmissions', { summary: 'what products transmit, to whom, under which agreements and on how many servers: the part of a record after Article 30 GDPR', example: 'mailwarden consent transmissions' }, plain, async (_options, context) => (await import('./commands/consent-transmissions.js')).consentTransmissions(context));
  add(consent, 'list', { summary: 'list effective consent by agreement and server, and convergence', example: 'mailwarden consent list' }, plain, async (_options, context) => (await import('./commands/consent.js')).consentList(context));
}
