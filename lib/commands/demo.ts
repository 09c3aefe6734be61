import type { CallRecord } from '../call/record.ts';
import {
  SimulatedFreeSwitch,
  startCrm,
  type CallEnd,
  type CallReport,
  type CrmReply,
} from '../simulator/index.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { paceOf } from './pace.ts';
import { print } from './print.ts';
import { columnsOf, table } from './table.ts';
import { SCENES, schemesFor, type Scene } from './demo-scenes.ts';
import { openDemo } from './demo-stage.ts';
import { storyOf } from './why-story.ts';

/** Pause between calls once the round is over. */
const PAUSE_MS = 1500;

/** Router, CRM and FreeSWITCH on loopback: each call is printed as it is routed. Nothing to install. */
export async function demoCommand(
  context: CommandContext,
  options: { readonly once?: boolean },
): Promise<ExitCode> {
  const { stdout, stdin } = context;
  const say = (text: string): void => {
    print(stdout, [text]);
  };
  const crm = await startCrm((request): CrmReply => {
    const scene = SCENES.find(({ caller, hidden }) =>
      request.body.includes(`"${hidden === true ? '' : caller}"`),
    );
    return scene?.reply ?? { status: 404, body: '{}' };
  });
  const records = new Map<string, CallRecord>();
  const stage = await openDemo(context, schemesFor(crm.url), (record) => {
    if (record.call !== null) records.set(record.call.uuid, record);
  });
  const { router, config, console } = stage;
  const freeswitch = new SimulatedFreeSwitch({
    routers: [router.address],
    users: (login) => (login === 'agent_007' || /^\d+$/.test(login) ? 'registered' : 'unknown'),
  });
  const pace = paceOf(context);
  say(
    `A router on ${config.listen.host}:${router.address.port}, a CRM at ${crm.url} and a simulated FreeSWITCH, all on this machine.\n`,
  );

  if (console !== null) {
    say(`Console: ${console.url}  log in as ${console.user}, password ${console.password}\n`);
  }
  const rows: string[][] = [];
  const told: CallRecord[] = [];
  let lost = 0;
  const play = async (scene: Scene, number: number): Promise<void> => {
    const report = await freeswitch.call({
      caller: scene.caller,
      callerName: scene.name,
      did: '15005550100',
      guardSeconds: 30,
      path: scene.scheme ?? 'sales',
      privacy: scene.hidden === true,
      callee: scene.callee,
      ...(scene.hangupAfterMs === undefined
        ? {}
        : { hangupAfterMs: scene.hangupAfterMs, hangupAt: 'connected' }),
    });
    if (report.lost !== null) lost++;
    const record = records.get(report.uuid);
    records.delete(report.uuid);
    if (record !== undefined && told.length < SCENES.length) told.push(record);
    say(describe(scene, number, report, record));
    rows.push([
      String(number),
      scene.title,
      crmSaid(record),
      wentTo(report.end, record),
      `${(record?.decidedMs ?? 0).toFixed(0)} ms`,
    ]);
  };
  for (const [index, scene] of SCENES.entries()) {
    if (!pace.isOver()) await play(scene, index + 1);
  }
  const summary = (): void => {
    say(`${rows.length === 1 ? '1 call' : `${rows.length} calls`}, ${lost} lost`);
  };
  say(`\n${table([['', 'call', 'the CRM', 'the caller', 'decided in'], ...rows], columnsOf(context))}\n`);
  summary();
  const best = richest(told);
  if (best !== undefined) {
    say(`\nOne of them, as \`esl-router why ${best.call?.caller ?? best.id}\` tells it:\n`);
    print(stdout, storyOf(best));
  }
  if (options.once !== true && stdin.isTTY === true) {
    say(`\nCalls go on until Ctrl-C${console === null ? '' : `; watch them at ${console.url}`}.\n`);
    for (let number = rows.length + 1; !pace.isOver(); number++) {
      const scene = SCENES[number % SCENES.length];
      if (scene !== undefined) await play(scene, number);
      await pace.pause(PAUSE_MS);
    }
    say('');
    summary();
  }
  if (options.once !== true && stdin.isTTY !== true && console !== null) {
    say('\nThe demo ends here, and the console with it: in a terminal it goes on until Ctrl-C.');
  }
  await freeswitch.close();
  await stage.close();
  await crm.close();
  return lost === 0 ? 0 : 1;
}

/** The record that shows most of what the router does: the most questions, bridges and fallbacks. */
function richest(records: readonly CallRecord[]): CallRecord | undefined {
  const worth = ({ requests, decisions, bridges }: CallRecord): number =>
    Math.min(requests.length, 1) + decisions.length + 2 * bridges.length;
  return [...records].sort((a, b) => worth(b) - worth(a))[0];
}

function describe(scene: Scene, number: number, report: CallReport, record: CallRecord | undefined): string {
  const who = scene.hidden === true ? 'a withheld number' : `${scene.name} <${scene.caller}>`;
  const lines = [`${String(number).padStart(2)}  ${scene.title}: ${who}`];
  const line = (label: string, text: string): void => {
    lines.push(`      ${label.padEnd(8)}${text}`);
  };
  for (const request of record?.requests ?? []) {
    const took = request.phases === null ? '' : ` (${request.phases.total.toFixed(0)} ms)`;
    const said =
      request.reply === null
        ? (request.detail ?? '')
        : `${request.reply.status} ${brief(request.reply.body)}${took}`;
    line('asked', `${request.method} ${request.url}`);
    line('CRM', said);
    if (request.answer !== 'found') line('answer', `${request.answer ?? ''}: ${request.detail ?? ''}`);
  }
  for (const { text, result } of record?.readings ?? []) line('read', `${JSON.stringify(text)} as ${result}`);
  for (const bridge of record?.bridges ?? []) {
    const took = ((bridge.endedMs ?? bridge.atMs) - bridge.atMs) / 1000;
    line(
      'rang',
      `${bridge.dialString.replace(/^\{.*?\}(\[.*?\])?/, '')}: ${outcome(bridge)} after ${took.toFixed(1)} s`,
    );
  }
  line('so', wentTo(report.end, record));
  return lines.join('\n');
}

function outcome({ outcome: result, cause }: CallRecord['bridges'][number]): string {
  if (result === 'answered') return 'answered, over';
  return cause === null ? (result ?? '-') : `${result ?? '-'} (${cause})`;
}

function crmSaid(record: CallRecord | undefined): string {
  const last = record?.requests.at(-1);
  if (last === undefined) return 'was not asked';
  if (last.reply === null) return last.answer ?? '-';
  return `${last.reply.status} ${last.answer ?? ''}`;
}

function wentTo(end: CallEnd, record: CallRecord | undefined): string {
  switch (end.kind) {
    case 'answered':
      return `talked to ${end.leg.user}${record?.via === 'fallback' ? ', by the fallback' : ''}`;
    case 'hangup':
      return `was refused with ${end.cause} (${end.sipCode})`;
    case 'dialplan':
      return `was served by the dialplan (${record?.result ?? '-'}: ${record?.reason ?? '-'})`;
    case 'transfer':
      return `was transferred to ${end.extension} in ${end.context}`;
    case 'moved':
      return `was moved to ${end.to}`;
    case 'caller-hangup':
      return `hung up while ${end.at}`;
    case 'guard':
      return "was taken back by the dialplan's guard";
    case 'no-router':
      return 'found no router';
    case 'silence':
      return 'was LOST in silence';
  }
}

function brief(body: string): string {
  const text = body.replace(/\s+/g, ' ').replace(/\p{Cc}/gu, '.');
  return text.length > 90 ? `${text.slice(0, 87)}...` : text;
}
