import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useHeldConnection } from './live-context.js';
import { listenLive } from './live-stream.js';

/** Listens to live updates for as long as the part that asks is shown. */
export function useLiveUpdates(): void {
  const questions = useQueryClient();
  const connection = useHeldConnection();
  useEffect(() => listenLive(questions, connection), [questions, connection]);
}
