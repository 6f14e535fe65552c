import { ROUTES, type ConsentView, type Decision } from '@mailwarden/contracts';
import { Button } from '@mantine/core';
import { addressOf } from '../../api/address.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Section } from '../../parts/page.js';
import { Cell, Table } from '../../parts/table.js';

const recordAddress = (agreement: string, decision?: string): string => addressOf(ROUTES.consentRecord.path, { query: { agreement, decision } });

const packAddress = (agreement: string): string => addressOf(ROUTES.evidencePack.path, { query: { agreement } });

/** The records of agreements that were decided on, for taking along. */
export function Records({ agreements, decisions }: { readonly agreements: ConsentView['agreements']; readonly decisions: readonly Decision[] }) {
  const rows = agreements.map((agreement) => ({ agreement, count: decisions.filter((decision) => decision.agreement === agreement.id).length })).filter(({ count }) => count > 0);
  return (
    <Section title="Records" testId="consent-records" flush>
      {rows.length === 0 ? <EmptyState title="There is no record yet" shape="question" tone="unknown">A consent record says what was decided on an agreement. It is there once something was.</EmptyState> : (
        <Table label="Consent records" columns={['Agreement', 'Decisions', { title: 'Record', width: '150px' }, { title: 'Evidence', width: '150px' }]}>
          {rows.map(({ agreement, count }) => (
            <tr key={agreement.id}>
              <Cell column="Agreement" lead>{agreement.title}</Cell>
              <Cell column="Decisions">{count}</Cell>
              <Cell column="Record"><Button component="a" variant="default" href={recordAddress(agreement.id)} download={`${agreement.id}.jsonld`} title="After ISO/IEC TS 27560, as JSON-LD" data-testid={`record-${agreement.id}`}>Download</Button></Cell>
              <Cell column="Evidence"><Button component="a" variant="default" href={packAddress(agreement.id)} download={`evidence-${agreement.id}.jsonl`} title="Texts, decisions, what servers attested, and the proofs; checked offline by: mailwarden evidence verify" data-testid={`pack-${agreement.id}`}>Download</Button></Cell>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  );
}

/** The receipt of one decision. */
export function ReceiptLink({ decision: { agreement, id } }: { readonly decision: Decision }) {
  return <a href={recordAddress(agreement, id)} download={`${agreement}-${id}.jsonld`} title="Consent receipt after ISO/IEC TS 27560, as JSON-LD">Receipt</a>;
}
