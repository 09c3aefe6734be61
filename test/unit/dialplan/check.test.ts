import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { checkDialplan, type CheckOptions, type Finding } from '../../../lib/dialplan/check.ts';
import { otherPorts } from '../../../lib/dialplan/hosts.ts';
import { readDialplan } from '../../../lib/dialplan/dialplan.ts';

const OPTIONS: CheckOptions = {
  port: 8084,
  otherPorts: otherPorts({ 'the API': 8085, 'the health port': 8094 }),
  timeoutSeconds: 4,
};
const GUARD = '<action application="sched_transfer" data="+8 esl_router_fallback XML x"/>';
const ID = '<action application="set" data="esl_router_guard_id=${last_sched_id}"/>';
const SOCKET = '<action application="socket" data="127.0.0.1:8084 async full"/>';
const BEHIND = '<action application="transfer" data="esl_router_fallback XML x"/>';
const ACTIONS = [
  '<action application="set" data="continue_on_fail=true"/>',
  '<action application="set" data="hangup_after_bridge=true"/>',
  '<action application="set" data="esl_router_guard=8"/>',
  GUARD,
  ID,
  SOCKET,
  BEHIND,
];
const FALLBACK = `<extension name="fallback"><condition field="destination_number" expression="^esl_router_fallback$">
<action application="sched_cancel"/><action application="playback" data="sorry.wav"/></condition></extension>`;

function dialplan(actions: readonly string[], fallback = FALLBACK): string {
  return `<include>
  <context name="x">
    ${fallback}
    <extension name="in">
      <condition field="destination_number" expression="^100$">
${actions.join('\n')}
      </condition>
    </extension>
  </context>
</include>
`;
}

function check(text: string, options: Partial<CheckOptions> = {}): Finding[] {
  const files = [{ name: 'x.xml', text }];
  return checkDialplan(readDialplan(files), { ...OPTIONS, ...options });
}

/** The actions with one of them in another form; '' leaves it out. */
function with_(line: string, other: string): string {
  return dialplan(
    ACTIONS.map((action) => (action === line ? other : action)).filter((action) => action !== ''),
  );
}

const action = (application: string, data: string): string =>
  `<action application="${application}" data="${data}"/>`;

interface Case {
  readonly title: string;
  readonly text: string;
  readonly kind: Finding['kind'];
  readonly says: RegExp;
  readonly write?: string | null;
  readonly options?: Partial<CheckOptions>;
}

const SET_GUARD = ACTIONS[2] ?? '';
const CASES: readonly Case[] = [
  {
    title: 'no guard',
    text: with_(GUARD, ''),
    kind: 'fault',
    says: /no guard before socket/,
    write: GUARD,
  },
  {
    title: 'a guard that is taken away again',
    text: with_(ID, `${ID}<action application="sched_cancel"/>`),
    kind: 'fault',
    says: /no guard before socket/,
    write: GUARD,
  },
  {
    title: 'a guard without "+"',
    text: with_(GUARD, action('sched_transfer', '8 esl_router_fallback XML x')),
    kind: 'fault',
    says: /fires at once/,
    write: GUARD,
  },
  {
    title: 'esl_router_guard missing',
    text: with_(SET_GUARD, ''),
    kind: 'fault',
    says: /esl_router_guard is not set/,
    write: SET_GUARD,
  },
  {
    title: 'esl_router_guard that is not a whole number',
    text: with_(SET_GUARD, action('set', 'esl_router_guard=8s')),
    kind: 'fault',
    says: /"8s", not a whole number/,
    write: SET_GUARD,
  },
  {
    title: 'esl_router_guard that differs from the guard',
    text: with_(SET_GUARD, action('set', 'esl_router_guard=20')),
    kind: 'fault',
    says: /says 20 s, and the guard fires after 8 s/,
    write: SET_GUARD,
  },
  {
    title: 'esl_router_guard_id missing',
    text: with_(ID, ''),
    kind: 'note',
    says: /esl_router_guard_id is not set/,
    write: ID,
  },
  {
    title: 'another task between the guard and its id',
    text: with_(ID, `${action('sched_hangup', '+3600')}${ID}`),
    kind: 'fault',
    says: /follows sched_hangup and names that task/,
    write: ID,
  },
  {
    title: 'the id in front of the guard',
    text: with_(GUARD, `${ID}${GUARD}`).replace(`${GUARD}\n${ID}`, GUARD),
    kind: 'fault',
    says: /set before the guard/,
    write: ID,
  },
  {
    title: 'an id that is none',
    text: with_(ID, action('set', 'esl_router_guard_id=$${last_sched_id}')),
    kind: 'fault',
    says: /names no guard/,
    write: ID,
  },
  {
    title: 'a guard of 2 s',
    text: dialplan(
      ACTIONS.map((line) => line.replace('esl_router_guard=8', 'esl_router_guard=2').replace('+8', '+2')),
    ),
    kind: 'fault',
    says: /a guard of 2 s leaves no time/,
    write: GUARD,
  },
  {
    title: 'a guard shorter than the slowest CRM',
    text: dialplan(ACTIONS),
    options: { timeoutSeconds: 12 },
    kind: 'note',
    says: /guard of 8 s is shorter.*14 s/,
    write: GUARD.replace('+8', '+14'),
  },
  {
    title: 'full missing',
    text: with_(SOCKET, action('socket', '127.0.0.1:8084 async')),
    kind: 'fault',
    says: /socket lacks "full"/,
    write: SOCKET,
  },
  {
    title: 'async full missing, and a variable for the address',
    text: `<include>
<X-PRE-PROCESS cmd="set" data="hosts=10.0.0.5:8084/sales"/>
${with_(SOCKET, action('socket', '$${hosts}')).replace('<include>', '')}`,
    kind: 'fault',
    says: /socket lacks "async full"/,
    write: action('socket', '$${hosts} async full'),
  },
  {
    title: 'an IPv6 address in brackets',
    text: with_(SOCKET, action('socket', '[::1]:8084 async full')),
    kind: 'fault',
    says: /does not parse \[ \]/,
    write: action('socket', '::1:8084 async full'),
  },
  {
    title: 'nothing behind socket',
    text: with_(BEHIND, action('set', 'a=b')),
    kind: 'fault',
    says: /nothing after socket serves the caller/,
    write: BEHIND,
  },
  {
    title: 'a hang-up behind socket',
    text: with_(BEHIND, action('hangup', 'NORMAL_CLEARING')),
    kind: 'fault',
    says: /nothing after socket serves the caller/,
    write: BEHIND,
  },
  {
    title: 'a bridge behind socket while the guard runs',
    text: with_(BEHIND, action('bridge', 'user/1000')),
    kind: 'fault',
    says: /pulls the caller out of bridge/,
    write: '<action application="sched_cancel"/>',
  },
  {
    title: 'a fallback that does not begin with sched_cancel',
    text: dialplan(ACTIONS, FALLBACK.replace('<action application="sched_cancel"/>', '')),
    kind: 'fault',
    says: /has to be sched_cancel/,
    write: '<action application="sched_cancel"/>',
  },
  {
    title: 'a fallback whose sched_cancel is not the first',
    text: dialplan(ACTIONS, FALLBACK.replace('<action', `${action('set', 'a=b')}<action`)),
    kind: 'note',
    says: /has to be sched_cancel/,
    write: '<action application="sched_cancel"/>',
  },
  {
    title: 'a fallback that leads back to socket',
    text: dialplan(
      ACTIONS,
      FALLBACK.replace(action('playback', 'sorry.wav'), action('transfer', '100 XML x')),
    ),
    kind: 'fault',
    says: /leads back to socket/,
    write: null,
  },
  {
    title: 'a fallback that no extension takes',
    text: dialplan(ACTIONS, ''),
    kind: 'fault',
    says: /no extension takes the fallback esl_router_fallback in context x/,
    write: null,
  },
  {
    title: 'a fallback in a context that is not given',
    text: dialplan(ACTIONS.map((line) => line.replace('XML x', 'XML elsewhere'))),
    kind: 'note',
    says: /not in these files/,
    write: null,
  },
  {
    title: 'continue_on_fail missing',
    text: with_(ACTIONS[0] ?? '', ''),
    kind: 'note',
    says: /continue_on_fail is not set/,
    write: ACTIONS[0] ?? '',
  },
  {
    title: 'hangup_after_bridge false',
    text: with_(ACTIONS[1] ?? '', action('set', 'hangup_after_bridge=false')),
    kind: 'note',
    says: /hangup_after_bridge is not set/,
    write: ACTIONS[1] ?? '',
  },
];

describe('dialplan/check', () => {
  for (const { title, text, kind, says, write, options } of CASES) {
    it(`${title}: a ${kind}, with its place and the line to write`, () => {
      const findings = check(text, options);
      expect(findings.map((finding) => finding.text)).to.have.length(1);
      const [finding] = findings;
      expect(finding).to.include({ kind, file: 'x.xml', write });
      expect(finding?.text).to.match(says);
      expect(finding?.extension).to.equal(
        /has to be sched_cancel/.test(finding?.text ?? '') ? 'fallback' : 'in',
      );
      expect(finding?.line).to.be.within(4, text.split('\n').length);
    });
  }

  it('is silent on a sound dialplan, in a context and as single extensions', () => {
    expect(check(dialplan(ACTIONS))).to.deep.equal([]);
    const single = (text: string): string => text.replaceAll('XML x', 'XML ${context}');
    const files = [
      {
        name: 'in.xml',
        text: single(
          `<extension name="in"><condition field="destination_number" expression="^100$">${ACTIONS.join('\n')}</condition></extension>`,
        ),
      },
      { name: 'fallback.xml', text: FALLBACK },
    ];
    expect(checkDialplan(readDialplan(files), { ...OPTIONS, port: 8084 })).to.deep.equal([]);
  });

  it('is silent on the file that comes with the router', () => {
    const names = ['dialplan/esl-router.xml', 'dialplan/public/00_esl-router.xml'];
    const files = names.map((name) => ({ name, text: readFileSync(`freeswitch/${name}`, 'utf8') }));
    for (const port of [8084, 8184, null]) {
      expect(checkDialplan(readDialplan(files), { ...OPTIONS, port })).to.deep.equal([]);
    }
    const [note] = checkDialplan(readDialplan(files), { ...OPTIONS, port: 9000 });
    expect(note).to.include({ kind: 'note', text: 'no extension runs socket with port 9000' });
  });

  it("takes FusionPBX's extensions, which have nothing around them, with their own line numbers", () => {
    const pasted = readFileSync('freeswitch/fusionpbx/esl-router.xml', 'utf8');
    expect(check(pasted)).to.deep.equal([]);
    const line = pasted.split('\n').findIndex((text) => text.includes('last_sched_id'));
    const [finding] = check(pasted.replace(/^.*last_sched_id.*$/m, ''));
    expect(finding?.line).to.be.within(line - 2, line + 2);
  });

  it('lets other programs have a socket of their own', () => {
    const text = with_(SOCKET, `${action('socket', '127.0.0.1:9000')}${SOCKET}`);
    expect(check(text)).to.deep.equal([]);
    expect(check(text, { port: null })).not.to.deep.equal([]);
  });

  it('names a port of this router where no call is served', () => {
    const stray = with_(SOCKET, action('socket', '127.0.0.1:8084|127.0.0.1:8085 async full'));
    const [note, ...more] = check(stray);
    expect(note).to.include({ kind: 'note', line: 12 });
    expect(note?.text).to.match(/^socket names 127\.0\.0\.1:8085, which is the API of this router/);
    expect([more, check(stray, { otherPorts: new Map() })]).to.deep.equal([[], []]);
  });

  it('knows the line', () => {
    const [finding] = check(with_(SOCKET, action('socket', '127.0.0.1:8084')));
    expect(finding?.line).to.equal(12);
  });

  it('names file and line of broken XML, and of a line that FreeSWITCH drops', () => {
    const [broken] = check('<include>\n  <context name="x">\n</include>');
    expect(broken).to.include({ kind: 'fault', file: 'x.xml', line: 3 });
    expect(broken?.text).to.match(/^broken XML: .*context/);
    const [dropped] = check(dialplan(ACTIONS).replace('<include>\n', '<include>'));
    expect(dropped).to.include({ kind: 'fault', line: 1 });
    expect(dropped?.text).to.match(/drops the whole line that holds <include>/);
    expect(check('not XML at all')).to.have.length(1);
  });
});
