import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { Passwords } from '../../lib/api/guard/password.ts';
import type { Role } from '../../lib/api/guard/role.ts';
import { userRow } from '../../lib/api/user.ts';
import type { SchemeDocument } from '../../lib/scheme/scheme.ts';
import {
  SimulatedFreeSwitch,
  startCrm,
  type CrmHandler,
  type SimulatedCrm,
} from '../../lib/simulator/index.ts';
import { Daemon, type Settings } from './daemon.ts';
import type { Store } from '../../lib/store/store.ts';
import { openStore } from './stored.ts';

/** The console as a person has it: the built daemon with a store, a CRM and a FreeSWITCH that are simulated, and a browser. */

export const CHROMIUM = process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium';
export const NO_BROWSER = `no browser: install Debian's chromium, or name one in CHROMIUM_BIN`;

export function browserInstalled(): boolean {
  return existsSync(CHROMIUM);
}

const PASSWORD = 'correct horse battery';
/** Everything takes longer while both cores are busy. */
const PATIENCE_MS = 30_000;

export interface ConsoleOptions {
  /** With `CRM_URL` for the address of the CRM. */
  readonly schemes?: readonly SchemeDocument[];
  readonly crm?: CrmHandler;
  readonly settings?: Settings;
  /** Who may log in, by his role. */
  readonly users?: readonly Role[];
  /** What the store holds before the router opens it. */
  readonly fill?: (store: Store) => Promise<void>;
  /** SQLite of its own by default. */
  readonly storeUrl?: string;
  /** Of the daemon: see there. */
  readonly core?: number;
}

export interface ConsoleUnderTest {
  readonly url: string;
  readonly daemon: Daemon;
  readonly crm: SimulatedCrm;
  readonly freeswitch: SimulatedFreeSwitch;
  /** A page of a browser of its own; `complaints` holds what went wrong in it unseen. */
  page(options?: BrowserContextOptions): Promise<Page & { readonly complaints: readonly string[] }>;
  /** The same, logged in. */
  pageAs(role: Role, path?: string, options?: BrowserContextOptions): ReturnType<ConsoleUnderTest['page']>;
  close(): Promise<void>;
}

export async function openConsole(options: ConsoleOptions = {}): Promise<ConsoleUnderTest> {
  const {
    users = ['admin'],
    settings = {},
    crm: answer = () => ({ status: 200, body: '{"destination":"201"}' }),
  } = options;
  const folder = await mkdtemp(join(tmpdir(), 'esl-router-console-'));
  const { storeUrl = `sqlite:${join(folder, 'console.db')}`, fill, core } = options;
  const store = await openStore({ url: storeUrl });
  const hash = await new Passwords().hash(PASSWORD);
  for (const role of users) await store.accounts.addUser(userRow({ name: role, role, hash, at: new Date() }));
  await fill?.(store);
  await store.close();
  const crm = await startCrm(answer);
  const text = JSON.stringify(options.schemes ?? []).replaceAll('CRM_URL', crm.url);
  const daemon = await Daemon.start({
    schemes: JSON.parse(text) as SchemeDocument[],
    settings: { API_PORT: '0', STORE_URL: storeUrl, ...settings },
    ...(core === undefined ? {} : { core }),
  });
  const { port } = await daemon.until(({ message }) => message === 'api');
  const url = `http://127.0.0.1:${String(port)}`;
  const freeswitch = new SimulatedFreeSwitch({ routers: [daemon.address], users: () => 'registered' });
  const browser: Browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  const page: ConsoleUnderTest['page'] = async (context = {}) => {
    const opened = await (
      await browser.newContext({
        locale: 'en-GB',
        timezoneId: 'Europe/Kyiv',
        reducedMotion: 'reduce',
        ...context,
      })
    ).newPage();
    opened.setDefaultTimeout(PATIENCE_MS);
    const complaints: string[] = [];
    opened.on('pageerror', ({ message }) => complaints.push(`error: ${message}`));
    opened.on('console', (message) => {
      // A status of 4xx is what many tests are about.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        complaints.push(message.text());
    });
    opened.on('request', (request) => {
      const to = new URL(request.url());
      if (to.protocol !== 'data:' && to.protocol !== 'blob:' && to.origin !== url)
        complaints.push(`asks ${to.href}`);
    });
    return Object.assign(opened, { complaints });
  };
  return {
    ...{ url, daemon, crm, freeswitch, page },
    pageAs: async (role, path = '/', context = {}) => {
      const opened = await page(context);
      await opened.goto(`${url}${path}`);
      await opened.getByLabel('Name').fill(role);
      await opened.locator('input[type=password]').fill(PASSWORD);
      await opened.getByRole('button', { name: 'Log in' }).click();
      await opened.locator('#content h1').waitFor();
      return opened;
    },
    close: async () => {
      await browser.close();
      await freeswitch.close();
      await daemon.stop();
      await crm.close();
      await rm(folder, { recursive: true });
    },
  };
}
