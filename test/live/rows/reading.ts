import { sleep } from '../journal.ts';
import { check, type Row } from '../row.ts';
import { CALLEE_VOICE, type Script, type Stage } from '../stage.ts';
import { DOMAIN } from '../world.ts';

/** What the CRM says is read, and rings him who was meant, or nobody at all. */

const answers: Script = async (call) => {
  call.ring();
  await sleep(100);
  await call.answer(CALLEE_VOICE);
};

/** Each of these replies, in a call of its own, rings the one callee. */
async function ringsEach(stage: Stage, bodies: readonly unknown[]): Promise<string> {
  const line = stage.line(stage.number(), answers);
  for (const [index, body] of bodies.entries()) {
    stage.answer({ body });
    const caller = await stage.call();
    const callee = await line.called(index + 1);
    await caller.answered();
    await stage.talk(caller, callee);
    await caller.hangup();
  }
  return `${bodies.length} replies, ${line.calls.length} INVITEs at the one callee`;
}

/** Each of these replies, in a call of its own, rings nobody: the dialplan's fallback serves the caller. */
async function ringsNobody(stage: Stage, bodies: readonly unknown[], reason: string): Promise<string> {
  const line = stage.line(stage.number(), answers);
  for (const body of bodies) {
    stage.answer({ body });
    const caller = await stage.call();
    await stage.served(caller);
    const { reason: seen } = await stage.record(caller);
    check(seen === reason, `${JSON.stringify(body)}: the reason is ${seen}`);
    await caller.hangup();
  }
  check(line.calls.length === 0, `${line.calls.length} calls came to somebody who was not meant`);
  return `${bodies.length} replies, nobody rang, the fallback served`;
}

const grouped = (number: string, by: string): string =>
  [number.slice(0, 3), number.slice(3, 5), number.slice(5, 8), number.slice(8)].join(by);

export const readingRows: readonly Row[] = [
  {
    name: 'read-spellings',
    title: 'a number rings the same callee however the CRM writes it',
    scheme: { numbering: { country: 'DE' } },
    run: async (stage) => {
      const number = stage.number();
      const spellings = [
        number,
        `+${grouped(number, ' ')}`,
        `00${number}`,
        `+${number.slice(0, 3)} (0)${number.slice(3)}`,
        `\u202a+${grouped(number, '\u2011')}\u202c`,
        `${number}.0`,
        Number(number),
      ];
      return ringsEach(
        stage,
        spellings.map((destination) => ({ destination })),
      );
    },
  },
  {
    name: 'read-country',
    title: 'national numbers of the country of the scheme, with prefixes that people still type',
    scheme: { numbering: { country: 'UA' } },
    run: async (stage) => {
      const national = stage.number().slice(3);
      const spellings = [
        `0${national}`,
        national,
        `8 0${national}`,
        `(0${national.slice(0, 2)}) ${national.slice(2)}`,
      ];
      return ringsEach(
        stage,
        spellings.map((destination) => ({ destination })),
      );
    },
  },
  {
    name: 'read-unmapped',
    title: 'an owner who is not in the map is nobody, though his id is a number that could be dialled',
    scheme: { webhook: { map: { '17': '201' } } },
    run: (stage) =>
      ringsNobody(
        stage,
        [{ destination: stage.number() }, { destination: Number(stage.number()) }],
        'unmapped',
      ),
  },
  {
    name: 'read-two-values',
    title: 'two numbers in one field ring neither, nor the number that they would make together',
    run: (stage) => {
      const [first, second] = [stage.number(0), stage.number(1)];
      const texts = [
        `${first}/${second}`,
        `${first}, ${second}`,
        `${first} or ${second}`,
        `${first}/12`,
        `+${first} x12`,
      ];
      return ringsNobody(
        stage,
        texts.map((destination) => ({ destination })),
        'destination_invalid',
      );
    },
  },
  {
    name: 'read-list-in-text',
    title: 'lines of plain text are a list: the second is tried when the first is busy',
    scheme: { webhook: { import: 'http' } },
    run: async (stage) => {
      const first = stage.line(stage.number(0), (call) => {
        call.refuse('486 Busy Here');
      });
      const second = stage.line(stage.number(1), answers);
      stage.answer({
        type: 'text/html; charset=windows-1251',
        body: `${first.number}\r\n${second.number}\r\n`,
      });
      const caller = await stage.call();
      await first.called();
      const callee = await second.called();
      await caller.answered();
      await stage.talk(caller, callee);
      return 'the second line rang behind the first';
    },
  },
  {
    name: 'read-whole-reply',
    title: 'the reply as a whole is the answer: a number alone, a list, a time beside it',
    run: async (stage) => {
      const number = stage.number();
      return ringsEach(stage, [
        JSON.stringify(number),
        JSON.stringify([number]),
        { destination: number, timeout: '20', callerName: 'ACME' },
        { destination: { destination: number, timeout: 'soon' } },
      ]);
    },
  },
  {
    name: 'read-own-user',
    title: 'user@domain and sip:user@domain of our own domain are that user',
    run: async (stage) => {
      const line = stage.line('agent_007', answers, stage.world.phones);
      for (const [index, destination] of [
        `agent_007@${DOMAIN}`,
        `sip:agent_007@${DOMAIN};transport=udp`,
      ].entries()) {
        stage.destination(destination);
        const caller = await stage.call();
        const callee = await line.called(index + 1);
        await caller.answered();
        await stage.talk(caller, callee);
        await caller.hangup();
      }
      return `${line.calls.length} INVITEs at the user's telephone`;
    },
  },
];
