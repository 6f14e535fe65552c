import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { asFailure } from './failure.js';

/** How often a call is tried again before its page says that it failed; the banner goes on trying. */
const TRIES_MORE = 2;
const RETRY_FIRST_MS = 400;
const FRESH_MS = 5_000;

/** What the rest of the console wants to hear about calls. */
export interface CallListener {
  answered(): void;
  failed(kind: ReturnType<typeof asFailure>['kind']): void;
}

export const questionClient = (listener: CallListener): QueryClient =>
  new QueryClient({
    queryCache: new QueryCache({
      onSuccess: () => listener.answered(),
      onError: (error) => listener.failed(asFailure(error).kind),
    }),
    mutationCache: new MutationCache({ onError: (error) => listener.failed(asFailure(error).kind) }),
    defaultOptions: {
      queries: {
        staleTime: FRESH_MS,
        // One console, one service: whether the browser believes to be online says nothing about it.
        networkMode: 'always',
        retry: (failures, error) => failures < TRIES_MORE && asFailure(error).kind === 'away',
        retryDelay: (attempt) => RETRY_FIRST_MS * 2 ** attempt,
      },
      mutations: { networkMode: 'always' },
    },
  });
