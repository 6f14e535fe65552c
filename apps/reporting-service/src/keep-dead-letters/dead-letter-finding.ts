import type { AssessedFinding } from '@mailwarden/contracts';

/** What waits among the dead letters in one server's name. */
export interface WaitingLetters {
  readonly count: number;
  /** Of the newest. */
  readonly consumer: string;
  readonly reason: string;
}

const MESSAGE_CHARACTERS_MAX = 500;

/** The finding of a server in whose name messages wait among the dead letters; none where none waits. */
export function rejectedFinding({ count, consumer, reason }: WaitingLetters): AssessedFinding[] {
  if (count === 0) return [];
  const many = count === 1 ? 'a message in the name of this server was put aside' : `${count} messages in the name of this server were put aside, the newest`;
  return [
    {
      code: 'message-rejected',
      severity: 'high',
      store: null,
      subject: '',
      message: `${many} by ${consumer}: ${reason}`.slice(0, MESSAGE_CHARACTERS_MAX),
      advice: 'look with mailwarden dead-letters list; replay what should be heard now and discard the rest; if the agent did not send it, treat its credential as stolen',
      source: 'signature and form checks of the bus',
    },
  ];
}
