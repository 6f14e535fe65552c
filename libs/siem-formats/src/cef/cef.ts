/** Line breaks of every script: what begins a new line somewhere ends an event for whoever reads line by line. */
const LINE_BREAK = /\r\n|[\n\r\u000b\u000c\u0085\u2028\u2029]/g;
/** What a terminal or a parser may obey. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/** Text of the header: no line break has a form there, so that it becomes a blank. Source: ArcSight Common Event Format, "Character encoding". */
export const cefHeader = (text: string): string => text.toWellFormed().replaceAll(LINE_BREAK, ' ').replaceAll(CONTROL, ' ').replaceAll(/[\\|]/g, String.raw`\$&`);

/** A value of the extension: a line break becomes `\n`, any other control character a blank. */
export const cefValue = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\\=]/g, String.raw`\$&`)
    .replaceAll(LINE_BREAK, String.raw`\n`)
    .replaceAll(CONTROL, ' ');

export interface CefEvent {
  readonly vendor: string;
  readonly product: string;
  readonly version: string;
  /** Kind of event, as rules of a SIEM name it. */
  readonly signatureId: string;
  readonly name: string;
  /** 0 to 10. */
  readonly severity: number;
  readonly extension: Readonly<Record<string, string | number>>;
}

const CEF_VERSION = 0;
const KEY = /^[A-Za-z0-9]{1,60}$/;

/** One event as one line without its end. Errors: throws for a key of the extension that is no plain word, since keys have no escape. */
export function cefLine({ vendor, product, version, signatureId, name, severity, extension }: CefEvent): string {
  const header = [vendor, product, version, signatureId, name, String(severity)].map(cefHeader).join('|');
  const pairs = Object.entries(extension).map(([key, value]) => {
    if (!KEY.test(key)) throw new Error(`a key of a CEF extension is 1 to 60 letters and digits; this one has ${key.length} characters`);
    return `${key}=${cefValue(String(value))}`;
  });
  return `CEF:${CEF_VERSION}|${header}|${pairs.join(' ')}`;
}
