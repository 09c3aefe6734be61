import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { check, type Row } from '../row.ts';
import { CALLEE_VOICE, type Stage } from '../stage.ts';

/** A CRM that has been taken over: its words reach no dial string, no shell and no other host. */

/** Calls at the same time: enough to be quick, few enough to leave the machine to the other rows. */
const AT_ONCE = 4;

/** Destinations, each of which would do something on a controller that pastes them into a dial string. */
function destinations(stage: Stage, file: string): unknown[] {
  const { elsewhere, folder } = { elsewhere: stage.world.elsewhere, folder: stage.world.folder };
  const touch = (nth: number): string => join(folder, `${file}${nth}`);
  const number = stage.number();
  const host = `127.0.0.1:${elsewhere}`;
  return [
    `\${system touch ${touch(1)}}`,
    `\${system(touch ${touch(2)})}`,
    `${number}\${system touch ${touch(3)}}`,
    `%24%7Bsystem touch ${touch(4)}%7D`,
    `${number},loopback/app=system:touch ${touch(5)}`,
    `agent_007,loopback/app=system:touch ${touch(6)}`,
    `${number}|loopback/app=system:touch ${touch(7)}`,
    `${number}:_:loopback/app=system:touch ${touch(8)}`,
    `${number}\n\nsendmsg\ncall-command: execute\nexecute-app-name: system\nexecute-app-arg: touch ${touch(9)}`,
    `${number}\r\nevent-lock: true`,
    `${number}\u0000`,
    `&system(touch ${touch(10)})`,
    `${number}@${host}`,
    `agent_007@${host}`,
    `sip:${number}@${host}`,
    `sofia/external/${number}@${host}`,
    `${number};fs_path=sip:${host}`,
    `agent_007;fs_path=sip:${host}`,
    `{sip_route_uri=sip:${host}}${number}`,
    `[sip_route_uri=sip:${host}]${number}`,
    `<sip_route_uri=sip:${host}>${number}`,
    `%[sip_route_uri=sip:${host}]${number}`,
    `${number}^sip:1@${host}`,
    `${number} ${number}`,
    stage.did,
    '112',
    '+911',
    'error/user_busy',
    'group/all@pbx.example',
    '../../etc/passwd',
    '９９９９９９９９９９',
    { destination: `${number},${number}` },
    [`${number}@${host}`, { dial: 'x' }],
    { hangup: 'USER_BUSY\n\nexit' },
    { scheme: '../number' },
  ];
}

export const hostileRows: readonly Row[] = [
  {
    name: 'hostile',
    title: 'hostile destinations: refused, the caller is served, no file, no leg elsewhere',
    seconds: 60,
    run: async (stage) => {
      const texts = destinations(stage, 'hostile-');
      const line = stage.line(stage.number(), (call) => call.answer(CALLEE_VOICE));
      stage.answer(({ body }) => {
        const nth = Number(String(body['caller']).slice(-4));
        return { body: { destination: texts[nth] } };
      });
      const slowest: number[] = [];
      for (let first = 0; first < texts.length; first += AT_ONCE) {
        const calls = await Promise.all(
          texts
            .slice(first, first + AT_ONCE)
            .map((_, nth) => stage.call({ from: stage.caller(first + nth) })),
        );
        for (const [nth, call] of calls.entries()) {
          const shown = JSON.stringify(texts[first + nth]);
          const { atMs } = await call.answered().catch((error: unknown) => {
            throw new Error(`${shown}: ${String(error)}`);
          });
          slowest.push(atMs - call.placedMs);
        }
        await Promise.all(calls.map((call) => call.hangup()));
      }
      const { world } = stage;
      const files = texts
        .map((_, nth) => join(world.folder, `hostile-${nth}`))
        .filter((path) => existsSync(path));
      check(files.length === 0, `a command of the CRM ran: ${files.join(', ')}`);
      check(world.elsewhereCount === 0, `${world.elsewhereCount} packets went elsewhere`);
      check(line.calls.length === 0, `${line.calls.length} legs to a number pasted out of a hostile reply`);
      check(stage.group.calls.length === texts.length, `fallbacks: ${stage.group.calls.length}`);
      return `${texts.length} of ${texts.length} served by the fallback (slowest ${Math.max(...slowest).toFixed(0)} ms), 0 files, 0 packets elsewhere`;
    },
  },
  {
    name: 'hostile-fields',
    title:
      'hostile name and header text beside a good destination: the call goes there, and nothing else does',
    scheme: { bridge: { headers: { 'X-CRM-Card': '{{reply.url}}' } } },
    run: async (stage) => {
      const { folder, elsewhere } = stage.world;
      const file = join(folder, 'hostile-field');
      const texts = [
        `Ivan\r\nX-Evil: 1`,
        `Ivan\\r\\nX-Evil: 1`,
        `Ivan%0d%0aX-Evil: 1`,
        `Ivan',sip_route_uri=sip:127.0.0.1:${elsewhere},x='`,
        `Ivan}]loopback/app=system:touch ${file}`,
        `\${system touch ${file}}`,
      ];
      const lines = texts.map((_, nth) => stage.line(stage.number(nth), (call) => call.answer(CALLEE_VOICE)));
      for (const [nth, text] of texts.entries()) {
        const line = lines[nth];
        check(line !== undefined, 'a line for every text');
        stage.answer({ body: { destination: { destination: line.number, callerName: text }, url: text } });
        const caller = await stage.call();
        const callee = await line.called();
        await caller.answered();
        const evil = callee.headersLike('X-Evil');
        check(evil.length === 0, `${JSON.stringify(text)} made a header of its own`);
        await caller.hangup();
      }
      check(!existsSync(file), 'a command of the CRM ran');
      check(elsewhere > 0 && stage.world.elsewhereCount === 0, 'a leg went elsewhere');
      check(
        lines.every(({ calls }) => calls.length === 1) && stage.group.calls.length === 0,
        'other legs than asked for',
      );
      return `${texts.length} calls, ${texts.length} legs, no header of the CRM's making`;
    },
  },
];
