import { ApiClient } from '../api-client.js';
import { EXIT, type ExitCode } from '../failure.js';
import { renderTable } from '../output/table.js';
import { printJson, printLines, type CommandContext } from './context.js';

/** What products of the fleet transmit, to whom, under which agreements, and on how many servers. */
export async function consentTransmissions(context: CommandContext): Promise<ExitCode> {
  const view = await (await ApiClient.forRuntime(context.dataDir)).ask('transmissions');
  if (context.format === 'json') {
    printJson(context, view);
    return EXIT.nothingFound;
  }
  printLines(
    context,
    renderTable(
      [
        { title: 'product', text: (row) => row.product },
        { title: 'what', text: (row) => row.title },
        { title: 'recipient', text: (row) => row.recipient ?? 'not stated' },
        { title: 'data', text: (row) => (row.dataCategories === null ? 'not stated' : row.dataCategories.map(({ title }) => title).join(', ')) },
        { title: 'requires', text: (row) => (row.requires.length === 0 ? 'nothing' : row.requires.join(', ')) },
        { title: 'servers', text: (row) => String(row.servers.all), align: 'right' },
        { title: 'may', text: (row) => String(row.servers.permitted), align: 'right' },
        { title: 'switched on', text: (row) => String(row.servers.configured), align: 'right' },
        { title: 'refused', text: (row) => String(row.servers.refused), align: 'right' },
        { title: 'seen', text: (row) => (row.servers.observedUnknown === row.servers.all ? 'not looked at' : String(row.servers.observed)), align: 'right' },
      ],
      view.rows,
      context.style,
    ),
  );
  return EXIT.nothingFound;
}
