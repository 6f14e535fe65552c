import type { PackProblem } from './pack-verdict.js';

/** Problems and notes that are told; the first is what matters. */
const PROBLEMS_MAX = 20;
const NOTES_MAX = 20;

/** What was found so far, and at which line. */
export class PackNotes {
  readonly problems: PackProblem[] = [];
  readonly notes: string[] = [];
  /** Counts from 1; 0 before the first line. */
  line = 0;

  problem(code: PackProblem['code'], message: string): void {
    if (this.problems.length < PROBLEMS_MAX) this.problems.push({ line: this.line, code, message });
  }

  note(note: string): void {
    if (this.notes.length < NOTES_MAX && !this.notes.includes(note)) this.notes.push(note);
  }
}
