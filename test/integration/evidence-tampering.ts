import { createHash } from 'node:crypto';
import { PackSealer, type PackLine } from '@mailwarden/evidence-pack';
import { canonicalJson, type Signer } from '@mailwarden/kernel';
import { leafHash } from '@mailwarden/ledger';

export type Line = Record<string, unknown> & { line: string };
export type Pack = readonly string[];

const parsed = (text: string): Line => JSON.parse(text) as Line;

/** Where lines of a kind stand, from 0. */
export const placesOf = (pack: Pack, kind: string, has: (line: Line) => boolean = () => true): number[] => pack.flatMap((text, place) => (parsed(text).line === kind && has(parsed(text)) ? [place] : []));

/** The pack with one line changed as text. */
export const edited = (pack: Pack, place: number, change: (text: string) => string): Pack => pack.map((text, at) => (at === place ? change(text) : text));

/** The pack with lines changed as values, and sealed anew by who could: the reporting service itself. */
export function resealed(pack: Pack, signer: Signer, change: (line: Line, place: number) => Line | null | readonly Line[]): Pack {
  const sealer = new PackSealer(signer);
  const changed = pack.slice(0, -1).flatMap((text, place) => change(parsed(text), place) ?? []);
  return [...changed.map((line) => sealer.line(line as unknown as Exclude<PackLine, { line: 'end' }>).slice(0, -1)), sealer.end().slice(0, -1)];
}

/** An entry with another document, and the hash that goes with it. */
export const withDocument = (line: Line, document: unknown): Line => ({ ...line, document, hash: leafHash(Buffer.from(canonicalJson(document))) });

export const bytesOf = (pack: Pack): Buffer => Buffer.from(`${pack.join('\n')}\n`);

/** A choice that is the same in each run with the same seed. */
export function choices(seed: number): (below: number) => number {
  let drawn = 0;
  return (below) => {
    drawn += 1;
    return createHash('sha256').update(`${seed} ${drawn}`).digest().readUInt32BE(0) % below;
  };
}

const JUNK = ['1e999', '-0', '9007199254740993', 'null', '[]', '{}', '"\\ud800"', '"__proto__"', 'true', '""', '{"__proto__":{"line":"end"}}'];

/** One random change of bytes or of lines. */
export function mutated(pack: Pack, pick: (below: number) => number): Buffer {
  const lines = [...pack];
  const [place, other] = [pick(lines.length), pick(lines.length)];
  const text = lines[place] ?? '';
  const at = pick(Math.max(1, text.length));
  switch (pick(9)) {
    case 0:
      lines.splice(place, 1);
      break;
    case 1:
      lines.splice(other, 0, text);
      break;
    case 2:
      [lines[place], lines[other]] = [lines[other] ?? '', text];
      break;
    case 3:
      lines[place] = text.slice(0, at);
      break;
    case 4:
      lines[place] = text.replace(/"[a-zA-Z]+":("[^"]*"|\d+)/, (member) => `${member.slice(0, member.indexOf(':'))}:${JUNK[pick(JUNK.length)] ?? ''}`);
      break;
    case 5:
      lines[place] = text.replace('{', `{"${['__proto__', 'extra', 'constructor'][pick(3)] ?? ''}":${JUNK[pick(JUNK.length)] ?? ''},`);
      break;
    case 6:
      lines.length = place;
      break;
    default: {
      const bytes = Buffer.from(text);
      if (bytes.length > 0) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << pick(8));
      return Buffer.concat(lines.flatMap((line, index) => [index === place ? bytes : Buffer.from(line), Buffer.from('\n')]));
    }
  }
  return bytesOf(lines);
}
