import type { Statement, UndeclaredData } from '@mailwarden/contracts';
import { ByteCount } from '../../parts/byte-count.js';
import { MeasuredValue } from '../../parts/measured-value.js';
import { Moment } from '../../parts/moment.js';
import { Facts, Section } from '../../parts/page.js';

const KINDS: Readonly<Record<UndeclaredData['kind'], string>> = { 'mail-like': 'letters, open to everyone', 'account-files': "the product's accounts" };

/** What lies outside every store of every profile, by folder of the system; nothing is shown where nobody looked. */
export function Undeclared({ undeclared }: { readonly undeclared: Statement['undeclared'] }) {
  if (undeclared === undefined) return null;
  return (
    <Section title="Undeclared data" testId="statement-undeclared">
      <MeasuredValue of={undeclared}>
        {(found) =>
          found.length === 0 ? (
            <span className="soft">Nothing was found outside the declared stores.</span>
          ) : (
            <Facts rows={found.map((data) => [`${data.place}: ${KINDS[data.kind]}`, <span key={data.kind}>{data.items} {data.items === 1 ? 'file' : 'files'}, <ByteCount bytes={data.bytes} />, newest <Moment at={data.newestAt} none="not dated" /></span>] as const)} />
          )
        }
      </MeasuredValue>
    </Section>
  );
}
