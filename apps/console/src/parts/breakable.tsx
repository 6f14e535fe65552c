import { Fragment } from 'react';

/** A path or a setting that may break after its slashes, and otherwise only where it must. */
export function Breakable({ text }: { readonly text: string }) {
  return text.split(/(?<=[/=,])/).map((part, index) => <Fragment key={`${index} ${part}`}>{index > 0 && <wbr />}{part}</Fragment>);
}
