import type { ComparedProgram } from './compared-programs.js';
import type { Stage } from './stage.js';

export const COMPARED = ['logrotate', 'tmpfiles', 'mailwarden'] as const;
export type Compared = (typeof COMPARED)[number];

/** One program on one stage: what came of it, in the words of the page. */
export type OfOther = (stage: Stage, program: ComparedProgram) => string | Promise<string>;
export type OfOurs = (stage: Stage) => string | Promise<string>;

/** One row of the page: the same folder, made anew for each program. */
export interface Scenario {
  /** Which table it stands in. */
  readonly table: string;
  /** What is there and what is asked for; no two scenarios have the same. */
  readonly what: string;
  /** Words of the store in our profile, where it is no plain folder of files. */
  readonly store?: string;
  /** Mounts and the guards of root are tried by root alone. */
  readonly onlyRoot?: boolean;
  /** We cut a file in place, which ext4 and XFS can. */
  readonly inPlace?: boolean;
  /** First major version of a program that is known to do otherwise: on the other side of it, its cell is not compared. */
  readonly otherwiseFrom?: Partial<Record<Compared, number>>;
  readonly prepare: (stage: Stage) => void | Promise<void>;
  /** Undoes what does not leave with the folder, as a mount or a process. */
  readonly tidy?: (stage: Stage) => void | Promise<void>;
  readonly logrotate: OfOther;
  readonly tmpfiles: OfOther;
  readonly mailwarden: OfOurs;
}
