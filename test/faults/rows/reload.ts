import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SchemeDocument } from '../../../lib/scheme/scheme.ts';
import type { CalleeBehaviour, CallReport, DialledLeg } from '../../../lib/simulator/index.ts';
import type { Outcome, Row } from '../row.ts';
import { call, type Stage } from '../stage.ts';

/** Two schemes that name the same number everywhere; a call that hears of two numbers has seen two configurations. */

const RATE = 50;
/** In short no call may be late, and the router has no core of its own. */
const SHORT_RATE = 12;
const SHORT_SECONDS = { timeout: 8, guard: 20 };
const PAUSE_MS = 250;
/** A reload with its pause, until the watch has seen it and it has been quiet. */
const RELOAD_SECONDS = 0.8;
const BROKEN_EACH = 5;
/** By a folder that takes the place of the other; every second time there is none for a moment. */
const SWAPPED_EACH = 3;
const AWAY_MS = 600;
const LOADED = 'schemes loaded';
const KEPT = 'schemes not loaded: the old ones stay in use';

function schemes({ timed }: Stage, crm: string, revision: number): readonly [SchemeDocument, SchemeDocument] {
  const headers = { 'X-Revision': String(revision) };
  const patience = timed ? {} : { timeoutSeconds: SHORT_SECONDS.timeout };
  return [
    {
      name: 'sales',
      webhook: { url: `${crm}/sales/${revision}`, headers, ...patience },
      fallback: { onNoRoute: [{ scheme: 'night' }] },
    },
    {
      name: 'night',
      webhook: { url: `${crm}/night/${revision}`, headers, ...patience },
      bridge: { headers },
      fallback: { onBusy: [{ dial: String(100_000 + revision) }] },
    },
  ];
}

const BUSY = '{"destination":"201"}';

/** Whom the CRM names is busy: the scheme has to say who is next, long after it was read. */
function callee({ user }: DialledLeg): CalleeBehaviour {
  return user === '201'
    ? { kind: 'fail', cause: 'USER_BUSY', afterMs: 100 }
    : { kind: 'answer', afterMs: 0, talkMs: 10, hangup: 'caller' };
}

async function run(stage: Stage): Promise<Outcome> {
  /** Revisions that the CRM was shown, by call. */
  const asked = new Map<string, number[]>();
  const crm = await stage.crm(({ url, headers, body }) => {
    const { uuid } = JSON.parse(body.toString()) as { uuid: string };
    const seen = asked.get(uuid) ?? [];
    asked.set(uuid, seen);
    seen.push(Number(url.split('/').at(-1)), Number(headers['x-revision']));
    // Long enough for a reload to come between the two questions.
    const delayMs = stage.random.below(150);
    return url.startsWith('/sales') ? { status: 204, delayMs } : { status: 200, body: BUSY, delayMs };
  });
  const router = await stage.router({ schemes: schemes(stage, crm.url, 0) });
  const { daemon } = router;
  const revisions = new Set<number>();
  const mixed = (report: CallReport): string | null => {
    const { uuid, end, legs } = report;
    if (end.kind !== 'answered') return `ended as ${end.kind}`;
    const [busy, backup] = legs;
    const all = [
      ...(asked.get(uuid) ?? []),
      Number(busy?.variables.get('sip_h_X-Revision')),
      Number(backup?.user) - 100_000,
    ];
    asked.delete(uuid);
    const [first = NaN] = all;
    revisions.add(first);
    return all.length === 6 && all.every((revision) => revision === first) ? null : `mixed: ${all.join()}`;
  };

  const reloads = stage.count(100, 30, 10);
  /** Written beside, and put in place together: two files of which one is read too early are a mixture on the disk. */
  const write = (texts: Readonly<Record<string, string>>): void => {
    const names = Object.keys(texts);
    for (const name of names) writeFileSync(join(daemon.folder, name), texts[name] ?? '');
    for (const name of names)
      renameSync(join(daemon.folder, name), join(daemon.folder, 'schemes', `${name}.json`));
  };
  const swap = async (texts: Readonly<Record<string, string>>, awayMs: number): Promise<void> => {
    const next = join(daemon.folder, 'next');
    const last = join(daemon.folder, 'last');
    mkdirSync(next);
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(next, `${name}.json`), text);
    renameSync(join(daemon.folder, 'schemes'), last);
    await delay(awayMs);
    renameSync(next, join(daemon.folder, 'schemes'));
    rmSync(last, { recursive: true });
  };
  let broken = 0;
  let swapped = 0;
  /** The place behind the line that says so. */
  const loadedOnce = async (wanted: string, from: number): Promise<number> => {
    const line = await daemon.until(({ message }) => message === wanted, 20_000, from);
    return daemon.lines.indexOf(line) + 1;
  };
  const reloading = async (): Promise<void> => {
    for (let n = 1; n <= reloads && !stage.signal.aborted; n++) {
      const breaks = n % BROKEN_EACH === 0;
      const from = daemon.lines.length;
      const [sales, night] = schemes(stage, crm.url, n).map((scheme) => JSON.stringify(scheme)) as [
        string,
        string,
      ];
      const bad = stage.random.chance(0.5) ? '{"name": "night"' : '{"name": "night", "webhook": {}}';
      if (n % SWAPPED_EACH === 0)
        await swap({ sales, night: breaks ? bad : night }, swapped++ % 2 === 0 ? AWAY_MS : 0);
      else write({ sales, night: breaks ? bad : night });
      if (breaks) broken++;
      const wanted = breaks ? KEPT : LOADED;
      const told = await loadedOnce(wanted, from);
      // Every second time it is told as well, and the change of the files is not all.
      if (n % 2 === 1) {
        daemon.signal('SIGHUP');
        await loadedOnce(wanted, told);
      }
      await delay(PAUSE_MS);
    }
  };
  const rate = stage.count(RATE, RATE, SHORT_RATE);
  const patience = stage.timed ? {} : { guardSeconds: SHORT_SECONDS.guard };
  const calls = Math.ceil(reloads * RELOAD_SECONDS * rate);
  const [load] = await Promise.all([
    stage.load([router.address], {
      calls,
      callsPerSecond: rate,
      batch: 250,
      script: () => call('sales', { callee, ...patience }),
      astray: mixed,
    }),
    reloading(),
  ]);
  const errors = daemon.lines.filter(({ level, message }) => level === 'error' && message !== KEPT).length;
  return {
    figure: `${reloads} reloads, ${broken} of them broken, ${swapped} by another folder; ${load.toString()} under ${revisions.size} configurations, ${errors} errors`,
    reached: load.clean && errors === 0 && revisions.size > 1,
  };
}

export const reload: Row = {
  name: 'reload',
  fault:
    '100 reloads under load, a fifth of them broken, a third by another folder, also one that is missing for 0.6 s',
  target: '0 errors, no call with a mixed configuration',
  run,
};
