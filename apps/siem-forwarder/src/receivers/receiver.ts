/** What a receiver has made of a batch. */
export type Answer =
  /** It has all of it. */
  | { readonly kind: 'taken' }
  /** It will never take this batch as it is: something in it is wrong for it. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Not now; the batch stays ours. */
  | { readonly kind: 'away'; readonly why: string; readonly retryAfterMs?: number };

/** Where events go. One batch at a time. */
export interface Receiver {
  deliver(texts: readonly EncodedEvent[]): Promise<Answer>;
  close(): void;
}

/** An event in the receiver's format. */
export interface EncodedEvent {
  /** Without its end of line; holds no line break. */
  readonly text: string;
  /** The same as a syslog message, without framing. */
  readonly syslog: string;
}
