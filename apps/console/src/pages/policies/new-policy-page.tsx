import { Button } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Page } from '../../parts/page.js';
import { PolicyEditor } from './policy-editor.js';
import { POLICY_TEMPLATES } from './policy-templates.js';
import classes from './policy-editor.module.css';

const [FIRST] = POLICY_TEMPLATES;

/** A policy that is not there yet, begun from one that reads aloud. */
export function NewPolicyPage() {
  const navigate = useNavigate();
  const [start, setStart] = useState(FIRST?.text ?? '');
  const [text, setText] = useState(start);
  const begin = (template: string): void => {
    setStart(template);
    setText(template);
  };
  return (
    <Page title="New policy" above={<Link to="/policies">Policies</Link>} below="Written as code, checked as you type. What it would delete is shown below, before anything is applied.">
      <div className={classes['starts']} role="group" aria-label="Begin with">
        <span className="soft">Begin with</span>
        {POLICY_TEMPLATES.map(({ title, text: template }) => <Button key={title} variant={start === template ? 'light' : 'default'} aria-pressed={start === template} onClick={() => begin(template)}>{title}</Button>)}
      </div>
      <PolicyEditor text={text} change={setText} standing={start} applied={([name]) => void (name !== undefined && navigate({ to: '/policies/$name', params: { name } }))} />
    </Page>
  );
}
