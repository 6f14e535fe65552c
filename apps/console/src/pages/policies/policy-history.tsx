import type { PolicyHistory as History } from '@mailwarden/contracts';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { policyHistoryQuestion } from '../../api/questions.js';
import { Answer } from '../../parts/answer.js';
import { DiffView } from '../../parts/diff-view.js';
import { Identifier } from '../../parts/identifier.js';
import { Moment } from '../../parts/moment.js';
import { Section } from '../../parts/page.js';
import { WaitingRows } from '../../parts/waiting-rows.js';
import classes from './policy-editor.module.css';

type Version = History['versions'][number];

/** Who applied which version, when and why, the newest first; each can be put back into the editor. */
export function PolicyHistory({ name, putBack }: { readonly name: string; readonly putBack: (text: string) => void }) {
  const history = useQuery(policyHistoryQuestion(name));
  return (
    <Section title="History" testId="policy-history" flush>
      <Answer to={history} waiting={<WaitingRows rows={2} />}>
        {({ versions }) =>
          versions.length === 0 ? <p className="soft" style={{ margin: 0, padding: '14px 16px' }}>It was never applied here.</p> : (
            <ol className={classes['versions']}>{versions.map((version, index) => <Line key={`${version.at} ${version.version}`} version={version} before={versions.slice(index + 1).find(({ withdrawn }) => !withdrawn)} isNewest={index === 0} putBack={putBack} />)}</ol>
          )
        }
      </Answer>
    </Section>
  );
}

function Line({ version, before, isNewest, putBack }: { readonly version: Version; readonly before: Version | undefined; readonly isNewest: boolean; readonly putBack: (text: string) => void }) {
  const [open, setOpen] = useState(false);
  const restore = (): void => {
    putBack(version.text);
    window.scrollTo({ top: 0 });
  };
  return (
    <li>
      <div className={classes['versionHead']}>
        <b>{version.withdrawn ? 'Withdrawn' : before === undefined ? 'First applied' : 'Changed'}</b>
        <span>by {version.by}, <Moment at={version.at} /></span>
        {!version.withdrawn && <Identifier id={version.version} what="version" />}
        {!version.withdrawn && <Button variant="subtle" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? 'Hide' : 'What changed'}</Button>}
        {!version.withdrawn && !isNewest && <Button variant="subtle" onClick={restore}>Put back into the editor</Button>}
      </div>
      <span className="break">{version.reason}</span>
      {open && <DiffView before={before?.text ?? ''} after={version.text} />}
    </li>
  );
}
