import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './console.css';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Problem } from '../api/client.ts';
import { LoginGate } from './login.tsx';
import { session } from '../api/session.ts';
import { router } from './router.tsx';
import { theme } from './theme.ts';
import { speak } from '../words/index.ts';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What the router refuses it refuses again; what did not answer is worth another try.
      retry: (count, error) => count < 2 && !(error instanceof Problem && error.status < 500),
    },
  },
});

/** Draws it. Rejects when the words of the language can't be had. */
export async function draw(root: HTMLElement): Promise<void> {
  // Before anything is drawn: who is logged in. What fails here is reported by what is drawn then.
  queries.query(session).catch(() => undefined);
  await speak();
  createRoot(root).render(
    <StrictMode>
      <Console />
    </StrictMode>,
  );
}

function Console() {
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
