import { FOLLOWED, STRANGER, TENANTS } from '../fusion.ts';
import { seconds, sleep, SOON } from '../journal.ts';
import { between, check, present, type Row } from '../row.ts';
import { CALLEE_VOICE, type Line, type Stage } from '../stage.ts';
import { USER_PASSWORD } from '../world.ts';

/** FusionPBX: several domains on one switch, each with a context, extensions and a ring group of its own. */

const [ONE, TWO] = TENANTS;
/** As docs/fusionpbx.md sets them. */
const SETTINGS = {
  DOMAIN: 'var:domain_name',
  EXTENSION_CONTEXT: 'var:domain_name',
  DID_FROM: 'var:caller_destination,var:sip_req_user',
};
/** Of the pasted dialplan. */
const GUARD_SECONDS = 8;

type FusionRow = Pick<Row, 'name' | 'title' | 'scheme' | 'seconds' | 'run'>;

function inDomain(domain: string, row: FusionRow): Row {
  return { ...row, fusion: domain, own: { routers: 1 }, settings: SETTINGS };
}

/** A telephone of a domain, which answers. Users are few: each is one row's own. */
function phone(stage: Stage, domain: string, user: string): Line {
  const agent = present(stage.world.tenants.get(domain), domain);
  return stage.line(user, (call) => call.answer(CALLEE_VOICE), agent);
}

export const fusionRows: readonly Row[] = [
  inDomain(TWO, {
    name: 'fusion-user',
    title: 'FusionPBX: of two domains with a 201 the one of the call is dialled',
    run: async (stage) => {
      const line = phone(stage, TWO, '201');
      stage.destination('201');
      const caller = await stage.call();
      const callee = await line.called();
      await caller.answered();
      await stage.talk(caller, callee);
      const { body } = await stage.asked();
      check(body['did'] === stage.did, `the CRM was told ${String(body['did'])} was called`);
      check(body['context'] === TWO, `the CRM was told the context ${String(body['context'])}`);
      const domain = / for (\S+)|sip:201@([^;>]+)/.exec(callee.invite.startLine);
      return `the CRM heard ${stage.did} in context ${TWO}; INVITE ${domain?.[0] ?? ''}`;
    },
  }),
  inDomain(ONE, {
    name: 'fusion-voicemail',
    title: 'FusionPBX: "extensions": "dialplan": nobody picks up, and the voicemail of the domain does',
    scheme: { extensions: 'dialplan' },
    run: async (stage) => {
      const agent = present(stage.world.tenants.get(ONE), ONE);
      const line = stage.line(
        '201',
        (call) => {
          call.ring();
        },
        agent,
      );
      stage.destination(201);
      const caller = await stage.call();
      await line.called();
      await caller.answered();
      const end = await caller.ended();
      const { tones } = caller.media;
      check(tones > 80, `${tones} packets of the voicemail's tone, and about 100 were expected`);
      check(end.how === 'hung up by the switch', `the caller's end: ${end.how}`);
      check(stage.group.calls.length === 0, 'the ring group rang as well');
      const to = await transfers(stage);
      check(to.at(-1) === `201/${ONE}/XML`, `the call went to ${to.join(', ')}`);
      const { end: ended } = await stage.record(caller);
      check(ended === 'transferred', `the record ends ${ended}`);
      return `${to.join(', ')}; ${tones} packets of the voicemail's tone`;
    },
  }),
  inDomain(ONE, {
    name: 'fusion-follow-me',
    title:
      'FusionPBX: "extensions": "dialplan": the follow-me of the extension rings the mobile, which answers',
    scheme: { extensions: 'dialplan' },
    run: async (stage) => {
      const agent = present(stage.world.tenants.get(ONE), ONE);
      const desk = stage.line(
        FOLLOWED,
        (call) => {
          call.ring();
        },
        agent,
      );
      const mobile = stage.line(stage.number(), (call) => call.answer(CALLEE_VOICE));
      stage.destination(FOLLOWED);
      const caller = await stage.call();
      const callee = await mobile.called();
      await caller.answered();
      await stage.talk(caller, callee);
      const ringing = await desk.called();
      const { how } = await ringing.ended();
      check(how === 'cancelled', `the desk telephone's end: ${how}`);
      return 'desk and mobile rang, the mobile answered';
    },
  }),
  inDomain(TWO, {
    name: 'fusion-target',
    title: 'FusionPBX: a target in the context "var:domain_name" is the ring group of the domain',
    scheme: { targets: { sales: { transfer: { extension: '600', context: 'var:domain_name' } } } },
    run: async (stage) => {
      stage.destination('sales');
      const caller = await stage.call();
      const ms = await stage.served(caller);
      const to = await transfers(stage);
      check(to.at(-1) === `600/${TWO}/XML`, `the call went to ${to.join(', ')}`);
      return `${to.join(', ')}, answered after ${seconds(ms)}`;
    },
  }),
  inDomain(ONE, {
    name: 'fusion-nobody',
    title: 'FusionPBX: the CRM knows nobody, and the fallback is the ring group of the domain',
    run: async (stage) => {
      stage.answer({ status: 204, body: '' });
      const caller = await stage.call();
      const ms = await stage.served(caller);
      const to = await transfers(stage);
      check(to.at(-1) === `600/${ONE}/XML`, `the call went to ${to.join(', ')}`);
      return `${to.join(', ')}, answered after ${seconds(ms)}`;
    },
  }),
  inDomain(TWO, {
    name: 'fusion-hung',
    title: 'FusionPBX: the router hangs, and the guard takes the caller to the ring group of the domain',
    run: async (stage) => {
      for (const router of stage.routers) router.suspend();
      try {
        const caller = await stage.call();
        const ms = await stage.served(caller, (GUARD_SECONDS + 5) * 1000);
        between('seconds until he was served', ms / 1000, GUARD_SECONDS - 1.1, GUARD_SECONDS + 1);
        await sleep(1_500);
        check(caller.end === null, 'the guard tore the fallback');
        return `served after ${seconds(ms)}`;
      } finally {
        for (const router of stage.routers) router.resume();
      }
    },
  }),
  inDomain(STRANGER, {
    name: 'fusion-unlisted',
    title:
      'FusionPBX: a domain that is not on the list: nobody of another one is dialled, the fallback serves',
    scheme: { extensions: 'dialplan' },
    run: async (stage) => {
      stage.destination('201');
      const caller = await stage.call();
      const ms = await stage.served(caller);
      const [first] = await stage.passes(caller, 1);
      check(first?.reason === 'no_context', `the record says ${String(first?.reason)}`);
      return `reason ${first.reason}; served after ${seconds(ms)}`;
    },
  }),
  inDomain(ONE, {
    name: 'fusion-within',
    title: 'FusionPBX: a colleague calls the number: his user_context is the domain that is dialled',
    scheme: {
      extensions: 'dialplan',
      targets: { sales: { transfer: { extension: '600', context: 'var:domain_name' } } },
    },
    run: async (stage) => {
      stage.destination('sales');
      const account = { user: '201', domain: ONE, password: USER_PASSWORD };
      const caller = await stage.call({ to: stage.world.fusion.internal, account });
      await caller.response(407, 407);
      const member = await stage.group.called();
      await caller.response(200, 200);
      await stage.talk(caller, member, 0x51);
      const { body } = await stage.asked();
      check(body['did'] === stage.did, `the CRM was told ${String(body['did'])} was called`);
      check(body['caller'] === '201', `the CRM was told ${String(body['caller'])} calls`);
      check(body['context'] === ONE, `the CRM was told the context ${String(body['context'])}`);
      return `201 in ${ONE} was asked about, and connected to its ring group`;
    },
  }),
  inDomain(TWO, {
    name: 'fusion-try',
    title:
      'FusionPBX: the call that docs/fusionpbx.md makes with fs_cli: one telephone is the caller, the CRM names whom it gets',
    run: async (stage) => {
      const caller = phone(stage, TWO, FOLLOWED);
      const callee = stage.line(stage.number(), (call) => call.answer(CALLEE_VOICE));
      stage.destination(callee.number);
      const hosts = stage.routers.map(({ port }) => `127.0.0.1:${port}/${stage.row.name}`).join('|');
      const variables = `domain_name=${TWO},caller_destination=${stage.did}`;
      const reply = await stage.api(
        `originate {${variables},live_hosts=${hosts}}user/${FOLLOWED}@${TWO} esl-router XML ${TWO}`,
      );
      check(reply.startsWith('+OK'), `originate: ${reply}`);
      const [own, other] = await Promise.all([caller.called(), callee.called()]);
      const { body } = await stage.asked();
      check(body['context'] === TWO, `the CRM was told the context ${String(body['context'])}`);
      check(body['did'] === stage.did, `the CRM was told ${String(body['did'])} was called`);
      await Promise.all(
        [own, other].map(({ journal, media }) => journal.until('sound', SOON, () => media ?? undefined)),
      );
      // Else the bridge may not stand yet.
      await sleep(500);
      await other.hangup();
      await own.ended();
      return `the CRM was told that ${stage.did} was called`;
    },
  }),
  inDomain(TWO, {
    name: 'fusion-refer',
    title: 'FusionPBX: the callee transfers the caller to an extension, and the CRM is not asked again',
    scheme: {},
    run: async (stage) => {
      const line = stage.line(stage.number(), (call) => call.answer(CALLEE_VOICE));
      stage.destination(line.number);
      const caller = await stage.call();
      const callee = await line.called();
      await caller.answered();
      await stage.talk(caller, callee);
      await callee.refer(`sip:600@${TWO}`);
      const member = await stage.group.called();
      await stage.talk(caller, member, 0x51);
      check(stage.questions.length === 1, `the CRM was asked ${stage.questions.length} times`);
      await caller.hangup();
      const to = await transfers(stage);
      check(to.at(-1) === `600/${TWO}/XML`, `the call went to ${to.join(', ')}`);
      return `${to.join(', ')}; one question`;
    },
  }),
];

/** Where FreeSWITCH took the caller, in order: EXTENSION/CONTEXT/XML. */
async function transfers(stage: Stage): Promise<string[]> {
  const [caller] = stage.callers;
  const channel = await stage.channel(present(caller, 'a caller'));
  if (caller?.end === null) await caller.hangup();
  const untilMs = performance.now() + 3_000;
  while (channel.end === null && performance.now() < untilMs) await sleep(50);
  return present(channel.end, 'the end of the channel').transfers.flatMap(({ by, to }) =>
    by === 'transfer' ? [to] : [],
  );
}
