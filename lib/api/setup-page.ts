import { createHash } from 'node:crypto';
import { PAGE_STYLE } from './page.ts';

/** The page behind the link for the first user. It needs no console: a form, and a script that sends it. */

const STYLE = `${PAGE_STYLE}label{display:block;margin:1rem 0}input{display:block;font:inherit;padding:.3rem;width:20rem;max-width:100%}`;

const SCRIPT = `
const form = document.querySelector('form');
const send = fetch;
const told = document.querySelector('output');
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const code = new URLSearchParams(location.search).get('code') ?? '';
  const { name, password } = Object.fromEntries(new FormData(form));
  const reply = await send('/api/v1/setup', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ code, name, password }),
  }).catch(() => null);
  if (reply?.status === 201) form.hidden = true;
  const problem = reply === null || reply.ok ? null : await reply.json();
  told.textContent = reply?.status === 201 ? name + ' may log in as admin.' : (problem?.detail ?? 'The router does not answer.');
});
`;

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

export const SETUP_POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export const SETUP_PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>esl-router: the first user</title><style>${STYLE}</style></head>
<body><main><h1>The first user</h1>
<p>He is an admin: he adds all others. Others can be added with <code>esl-router user add</code> too.</p>
<form><label>Name <input name="name" autocomplete="username" required maxlength="64"></label>
<label>Password, 12 characters or more
<input name="password" type="password" autocomplete="new-password" required minlength="12" maxlength="200"></label>
<button>Add</button></form><p><output role="status"></output> <a href="/">esl-router</a></p></main>
<script>${SCRIPT}</script></body></html>
`;
