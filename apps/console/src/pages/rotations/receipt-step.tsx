import type { RotationView } from '@mailwarden/contracts';
import { countOf, groupedCount } from '../../format/quantity.js';
import { sentenceCase } from '../../format/identifier.js';
import { tookTime } from '../../format/moment.js';
import { ByteCount } from '../../parts/byte-count.js';
import { Identifier } from '../../parts/identifier.js';
import { MeasuredValue } from '../../parts/measured-value.js';
import { Moment } from '../../parts/moment.js';
import { Facts } from '../../parts/page.js';
import { StoryStep } from '../../parts/story.js';
import { StateBadge } from '../../state/state-badge.js';
import { DISPLAY_LOOKS, ROTATION_LOOKS, type StateLook } from '../../state/state-words.js';
import classes from './rotation.module.css';

const VERIFIED: StateLook = { word: 'Signature and numbers verified', shape: 'seal', tone: 'good' };
const NOT_VERIFIED: StateLook = { word: 'Not verified', shape: 'alarm', tone: 'bad' };
const DONE: StateLook = { word: 'Done', shape: 'tick', tone: 'good' };

interface Amount {
  readonly items: number;
  readonly bytes: number;
}
const Amounts = ({ name, of, strong = false }: { readonly name: string; readonly of: Amount; readonly strong?: boolean }) => (
  <div data-strong={strong || undefined}><span>{name}</span><b>{groupedCount(of.items)}</b><small><ByteCount bytes={of.bytes} /></small></div>
);

/** What the executor did, in its own signed words. */
export function ReceiptStep({ rotation: { receipt, receiptVerified, state } }: { readonly rotation: RotationView }) {
  if (receipt === null) {
    return (
      <StoryStep look={state === 'expired' ? ROTATION_LOOKS.expired : DISPLAY_LOOKS.waiting} title={state === 'expired' ? 'No receipt came before the order expired' : 'Receipt awaited'}>
        <p className="soft" style={{ margin: 0 }}>{state === 'expired' ? 'An expired order is never carried out. If the store is still over its limit, a new order follows.' : 'The executor plans, journals, deletes and signs. Nothing is known to be deleted before that.'}</p>
      </StoryStep>
    );
  }
  const { payload } = receipt;
  const done = payload.outcome === 'completed';
  return (
    <StoryStep look={done ? DONE : ROTATION_LOOKS[payload.outcome]} title={`Receipt: ${payload.outcome.replaceAll('-', ' ')}`} at={payload.finishedAt} aside={receiptVerified !== null && <StateBadge look={receiptVerified ? VERIFIED : NOT_VERIFIED} />} testId="rotation-receipt">
      {payload.reason !== '' && <p className="break" style={{ margin: '0 0 8px' }}><b>Because:</b> {payload.reason}</p>}
      {receiptVerified === false && <p className="toned" data-tone="bad">The signature is not the executor's, or the numbers do not fit the order. Do not rely on it; look at the server, and keep the raw JSON.</p>}
      <div className={classes['amounts']}>
        <Amounts name="Before" of={payload.before} />
        <Amounts name="Planned" of={payload.planned} />
        <Amounts name="Deleted" of={payload.deleted} strong />
        {payload.after.known ? <Amounts name="After" of={payload.after.value} /> : <div><span>After</span><MeasuredValue of={payload.after}>{() => null}</MeasuredValue></div>}
      </div>
      {(payload.notes ?? []).map((note) => <p key={note} className="break toned" data-tone="warn" style={{ margin: '0 0 8px' }}>{note}</p>)}
      <Facts
        rows={[
          ['Permitted by', authorityWords(payload.authority)],
          ['Skipped', payload.skipped.length === 0 ? 'nothing' : <ul key="skipped" className={classes['skipped']}>{payload.skipped.map(({ reason, items }) => <li key={reason}><b>{groupedCount(items)}</b> {sentenceCase(reason).toLowerCase()}</li>)}</ul>],
          ['Planned ages', <span key="ages"><Moment at={payload.planned.oldestAt} none="none" /> to <Moment at={payload.planned.newestAt} none="none" /></span>],
          ['Keyed hash of the list', <Identifier key="digest" id={payload.planned.digest} what="keyed hash of the list" />],
          ['Took', `${tookTime(payload.clock.monotonicMs)}${payload.resumed ? ', finished after an earlier run was cut short' : ''}`],
          ...(payload.orphans === undefined ? [] : [['Halves left alone', `${countOf(payload.orphans.files, 'file')} and ${countOf(payload.orphans.rows, 'row')} went`] as const]),
          ...(payload.facts === undefined ? [] : [['On the host', hostWords(payload.facts)] as const]),
          ['Signed by key', <Identifier key="key" id={receipt.keyId} what="key id" whole />],
          ['Signature', <Identifier key="signature" id={receipt.signature} what="signature" />],
        ]}
      />
      {payload.samples !== undefined && payload.samples.length > 0 && <Samples samples={payload.samples} />}
    </StoryStep>
  );
}

type Payload = NonNullable<RotationView['receipt']>['payload'];

const authorityWords = (authority: Payload['authority']): string => (authority?.kind === 'bundle' ? `the signed policies (bundle ${authority.version}), while no control plane could be heard` : 'the order above');

const hostWords = ({ kernel, fileSystems, tool }: NonNullable<Payload['facts']>): string => [`kernel ${kernel}`, ...(fileSystems.length === 0 ? [] : [fileSystems.join(', ')]), ...(tool === null ? [] : [`deleted by ${tool}`])].join('; ');

/** Some of the items, by a hash that only the host can make again. */
function Samples({ samples }: { readonly samples: NonNullable<Payload['samples']> }) {
  return (
    <details style={{ marginTop: 8 }}>
      <summary className="soft" style={{ cursor: 'pointer' }}>Samples: {countOf(samples.length, 'item')}, by keyed hash</summary>
      <ul className={classes['skipped']}>{samples.map(({ name, bytes, at }) => <li key={name}><Identifier id={name} what="keyed hash of the name" /> <ByteCount bytes={bytes} />, <Moment at={at} none="of unknown age" /></li>)}</ul>
    </details>
  );
}
