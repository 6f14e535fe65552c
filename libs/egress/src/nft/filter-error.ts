/** Why the packet filter could not be asked. */
export type FilterErrorCode = 'program-missing' | 'program-untrusted' | 'no-right' | 'no-kernel-support' | 'no-table' | 'set-full' | 'refused' | 'too-slow' | 'too-much' | 'unreadable';

export interface FilterError {
  readonly code: FilterErrorCode;
  /** What is wrong, then what to do. */
  readonly message: string;
}

const LINE_MAX = 200;

/** What nft said, as far as it may be shown: the first line of its errors, which names parts of our own text and nothing of packets. */
const firstLine = (text: string): string => (text.split('\n').find((line) => /error|not|ended/i.test(line)) ?? text.split('\n')[0] ?? '').trim().slice(0, LINE_MAX);

/** Puts into words why nft ended with an error. Source: its messages carry the kernel's own words for the error number, strerror(3). */
export function errorOf(program: string, said: string): FilterError {
  if (/Operation not permitted|must be root|Permission denied/.test(said)) {
    return { code: 'no-right', message: 'the packet filter may not be changed by this account; give the agent CAP_NET_ADMIN (AmbientCapabilities= of its unit), or switch enforcement off' };
  }
  if (/(?:Protocol|Operation|Address family) not supported|Unable to (?:initialize|open) Netlink/i.test(said)) {
    return { code: 'no-kernel-support', message: 'this kernel has no nf_tables, or not all that is needed of it; load nf_tables and nft_reject_inet, or run a kernel that has them' };
  }
  if (/Too many open files in system|Set is full/i.test(said)) {
    return { code: 'set-full', message: 'a set of addresses is full; name prefixes in place of single addresses' };
  }
  if (/No such file or directory/.test(said)) return { code: 'no-table', message: 'the table inet mailwarden is not there, or not all of it; apply the plan again' };
  return { code: 'refused', message: `${program} refused what it was given (${firstLine(said)}); nothing was changed` };
}
