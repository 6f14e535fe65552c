import { z } from 'zod';
import { agreementForm, flowForm, licenceStateForm, limitForm, profileForm, protectionForm, relationForm, storeForm } from '../../libs/catalogue/src/profile-form.js';
import { probeForm, readingForm } from '../../libs/catalogue/src/reading-form.js';
import { itemToolForm, ruleToolForm } from '../../libs/catalogue/src/tool-form.js';
import { fieldTable } from './field-table.js';

/** What each kind of store is. A kind without a meaning does not compile. */
const KIND_MEANINGS: Readonly<Record<z.output<typeof storeForm>['kind'], string>> = {
  files: 'Each file is one item; the oldest go first',
  log: 'A log with its generations; the `active` file is never deleted',
  records: 'Files of records',
  table: 'A table; the oldest rows go first',
  pair: 'Each item is a file and its row; both go, or neither',
  temporary: "Files of letters in processing; what is older than the service's start is a leftover",
  configuration: 'Settings; measured, hashed so that drift shows, never deleted',
  dump: 'Dumps; none should be there',
  memory: 'What is in memory; the settings that guard it are looked at',
};

const TOOL_SHAPE = { by: 'Its shape' };

function probeTable(): string[] {
  const rows = probeForm.options.map((option) => {
    const [name = ''] = Object.keys(option.shape);
    if (option.description === undefined) throw new Error(`the probe ${name} has no meaning; describe it in its form`);
    return `| \`${name}\` | ${option.description} |`;
  });
  return ['| probe | what it reads |', '|---|---|', ...rows];
}

/** Tables of the page about profiles. */
export const profileTables = (): ReadonlyMap<string, readonly string[]> =>
  new Map([
    ['profile', fieldTable(profileForm)],
    ['store', fieldTable(storeForm)],
    ['kind', ['| kind | what it is |', '|---|---|', ...Object.entries(KIND_MEANINGS).map(([kind, meaning]) => `| \`${kind}\` | ${meaning} |`)]],
    ['limit', fieldTable(limitForm)],
    ['item-tool', fieldTable(itemToolForm, TOOL_SHAPE)],
    ['rule-tool', fieldTable(ruleToolForm, TOOL_SHAPE)],
    ['rows', fieldTable(relationForm)],
    ['protection', fieldTable(protectionForm)],
    ['reading', fieldTable(readingForm)],
    ['probe', probeTable()],
    ['agreement', fieldTable(agreementForm)],
    ['flow', fieldTable(flowForm)],
    ['licence-state', fieldTable(licenceStateForm)],
  ]);
