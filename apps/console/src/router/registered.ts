import type { consoleRouter } from './routes.js';

declare module '@tanstack/react-router' {
  /** Tells links and hooks which addresses exist. */
  interface Register {
    router: ReturnType<typeof consoleRouter>;
  }
}
