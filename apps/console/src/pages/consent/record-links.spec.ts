import type { Decision } from '@mailwarden/contracts';
import { MantineProvider } from '@mantine/core';
import { createElement, type ReactElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { ReceiptLink, Records } from './record-links.js';

const ID = '0b0e1c00-0000-4000-8000-000000000001';
const decision = { id: ID, agreement: 'eula' } as Decision;
const agreements = ['eula', 'privacy-policy'].map((id) => ({ id, title: `Title of ${id}`, gates: [], versions: [] }));
const markup = (element: ReactElement): string => renderToStaticMarkup(createElement(MantineProvider, null, element)).replaceAll('&amp;', '&');

describe('links to records', () => {
  it('lead to the record of each agreement that was decided on, and of no other', () => {
    const page = markup(createElement(Records, { agreements, decisions: [decision] }));
    expect(page).toContain('href="/api/v1/consents/record?agreement=eula"');
    expect(page).toContain('download="eula.jsonld"');
    expect(page).not.toContain('privacy-policy');
    expect(markup(createElement(Records, { agreements, decisions: [] }))).toContain('There is no record yet');
  });

  it('lead to the receipt of one decision', () => {
    const link = markup(createElement(ReceiptLink, { decision }));
    expect(link).toContain(`href="/api/v1/consents/record?agreement=eula&decision=${ID}"`);
    expect(link).toContain(`download="eula-${ID}.jsonld"`);
  });
});
