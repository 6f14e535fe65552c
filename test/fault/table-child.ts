import { carryOutHanded, type HandedOrder } from './handed-order.js';

const handed = JSON.parse(process.argv[2] ?? '') as HandedOrder;
let left = handed.kill?.times ?? 0;
await carryOutHanded(handed, (at) => {
  if (at === handed.kill?.step && (left -= 1) === 0) process.kill(process.pid, 'SIGKILL');
});
