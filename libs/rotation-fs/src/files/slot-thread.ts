import { parentPort } from 'node:worker_threads';
import { FolderHand } from '@mailwarden/linux';
import { removeShare, type SlotShare } from './slot-share.js';

/** A second thread that deletes what was taken in and announced; it decides nothing. */
const port = parentPort;
if (port === null) throw new Error('this file is for a thread');
const hand = new FolderHand();
port.on('message', (share: SlotShare | null) => {
  if (share === null) port.close();
  else port.postMessage(removeShare(hand, share));
});
