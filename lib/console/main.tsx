import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './app/console.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { begin, Console } from './app/console.tsx';
import { speak } from './words/index.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
begin();
await speak();
createRoot(root).render(
  <StrictMode>
    <Console />
  </StrictMode>,
);
