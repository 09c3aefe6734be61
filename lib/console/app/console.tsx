import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { Problem } from '../api/client.ts';
import { LoginGate } from './login.tsx';
import { session } from '../api/session.ts';
import { preloadPage, router } from './router.tsx';
import { theme } from './theme.ts';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What the router refuses it refuses again; what did not answer is worth another try.
      retry: (count, error) => count < 2 && !(error instanceof Problem && error.status < 500),
    },
  },
});

/** Before anything is drawn: who looks, and the code of the page, are asked for side by side. */
export function begin(): void {
  // What fails is told by who draws it.
  queries.query(session).catch(() => undefined);
  preloadPage();
}

export function Console() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <Notifications position="bottom-right" />
      <QueryClientProvider client={queries}>
        <LoginGate>
          <RouterProvider router={router} />
        </LoginGate>
      </QueryClientProvider>
    </MantineProvider>
  );
}
