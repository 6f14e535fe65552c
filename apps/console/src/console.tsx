import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { questionClient } from './api/question-client.js';
import { Connection } from './live/connection.js';
import { ConnectionHolder } from './live/live-context.js';
import { consoleRouter } from './router/routes.js';
import { theme } from './theme/theme.js';

const colourScheme = localStorageColorSchemeManager();

const connection = new Connection(() => void questions.refetchQueries({ type: 'active' }));
const questions = questionClient({
  answered: () => connection.answered(),
  failed: (kind) => {
    if (kind === 'away') connection.failed();
    if (kind === 'signed-out') leaveToSignIn();
  },
});
const router = consoleRouter();

/** A session that is over leads to the sign-in page, which then leads back here. */
function leaveToSignIn(): void {
  if (router.state.location.pathname === '/sign-in') return;
  const from = router.state.location.href;
  void router.navigate({ to: '/sign-in', search: from === '/' ? { ended: 'yes' } : { ended: 'yes', from }, replace: true });
}

/** The whole console with what every page needs. */
export function Console() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={colourScheme}>
      <QueryClientProvider client={questions}>
        <ConnectionHolder connection={connection}>
          <RouterProvider router={router} />
        </ConnectionHolder>
      </QueryClientProvider>
    </MantineProvider>
  );
}
