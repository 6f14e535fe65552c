import type { LiveUpdate } from '@mailwarden/contracts';

type Key = readonly string[];

const ofServer = (server: string | null): Key => (server === null ? ['server'] : ['server', server]);

/** What has to be read anew when a live update comes, as prefixes of question keys. */
export function keysOf({ topic, server }: Pick<LiveUpdate, 'topic' | 'server'>): Key[] {
  switch (topic) {
    case 'fleet':
      return [['fleet']];
    case 'server':
      return [['fleet'], ofServer(server)];
    case 'findings':
      return [['fleet'], ofServer(server), ['findings'], ['finding']];
    case 'rotations':
      return [['fleet'], ofServer(server), ['rotations'], ['rotation'], ['waiting'], ['finding']];
    case 'policies':
      return [['policies'], ['history'], ['plan']];
    case 'consent':
      return [['fleet'], ofServer(server), ['consents']];
    case 'events':
      return [['events']];
  }
}

/** Each key once, and none that a wider one already covers. */
export function withoutRepeats(keys: readonly Key[]): Key[] {
  const kept: Key[] = [];
  for (const key of [...keys].sort((a, b) => a.length - b.length)) {
    if (!kept.some((wider) => wider.every((part, index) => part === key[index]))) kept.push(key);
  }
  return kept;
}
