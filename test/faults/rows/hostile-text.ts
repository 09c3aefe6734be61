import type { CallReport, RouterAddress } from '../../../lib/simulator/index.ts';
import type { Random } from '../../../lib/simulator/random.ts';
import { hostile, pick } from '../hostile.ts';
import type { Outcome, Row } from '../row.ts';
import { call, FALLBACK, type Stage } from '../stage.ts';

/**
 * Hostile text from CRM and caller, all of it through sockets: the simulated FreeSWITCH is the independent reader of
 * every command and dial string, and what it reads has to be one of the few shapes below.
 */

const AT_ONCE = 24;
/** The 64 KiB of a reply hold about so many. */
const VALUES_EACH = 700;
const UUID = '[0-9a-f-]{36}';

/** All that the router ever says here. */
const SAID = [
  /^connect\n\n$/,
  /^linger 10\n\n$/,
  /^myevents plain\n\n$/,
  /^exit\n\n$/,
  /^getvar transfer_source\n\n$/,
  /^api sched_del [1-9]\d{0,9}\n\n$/,
  new RegExp(`^api uuid_ring_ready ${UUID}\n\n$`),
  new RegExp(`^api sched_api \\+\\d+ (${UUID}) uuid_transfer \\1 esl_router_fallback XML public\n\n$`),
  new RegExp(`^api sched_hangup \\+\\d+ ${UUID}[ A-Z_]*\n\n$`),
  new RegExp(`^api uuid_setvar_multi ${UUID} [A-Za-z0-9_.@:,+ %()=;-]*\n\n$`),
  new RegExp(
    `^sendmsg\ncall-command: execute\nexecute-app-name: bridge\nevent-uuid: ${UUID}\ncontent-type: text/plain\ncontent-length: \\d+\n\n[^\r\n\0$\\\\]+$`,
  ),
];
const ENDPOINT = /^(?:user\/[A-Za-z0-9][A-Za-z0-9._-]{0,63}@pbx\.example|sofia\/gateway\/crm\/\d{7,15})$/;
const LEG_VARIABLE =
  /^(?:originate_timeout|ignore_early_media|api_before_bridge|outbound_redirect_fatal|origination_caller_id_(?:number|name)|origination_privacy|sip_cid_type|sip_h_(?:Privacy|Diversion|X-Card|X-ESL-Router-[A-Za-z]+)|execute_on_answer|progress_timeout)$/;

/** A reply of many destinations, of which a few may be dialled, with hostile fields of every other kind. */
function replyBody(random: Random, values: number): string {
  const destination = Array.from({ length: values }, (_, n): unknown => {
    if (n % 100 !== 99) return hostile(random);
    return { destination: pick(['201', '202', '380441234567'], random), callerName: hostile(random) };
  });
  const extras = [
    { hangup: hostile(random) },
    { scheme: hostile(random) },
    { destination: '203', timeout: hostile(random), callerName: hostile(random) },
    { dialplan: hostile(random) },
    { [hostile(random)]: hostile(random) },
  ];
  return JSON.stringify({
    destination: [...extras, ...destination],
    url: hostile(random),
    [hostile(random)]: 1,
  });
}

const EXTRA_VALUES = 9;
/** Of a caller: his name, his number, the called number, two headers and a variable. */
const CALLER_VALUES = 6;

/** What left the router on this call's socket, and should not have. */
function extra({ commands, bridges, legs, violations, uuid }: CallReport, said: readonly RegExp[]): string[] {
  const wrong = commands.flatMap(({ text }) => {
    const named = new RegExp(UUID).exec(text.replace(/event-uuid: \S+/, ''));
    const foreign = named !== null && named[0] !== uuid;
    return foreign || !said.some((shape) => shape.test(text))
      ? [`extra command ${JSON.stringify(text)}`]
      : [];
  });
  if (legs.length > bridges.length) wrong.push(`${legs.length} legs of ${bridges.length} bridges`);
  for (const { endpoint, variables } of legs) {
    if (!ENDPOINT.test(endpoint)) wrong.push(`extra leg ${endpoint}`);
    for (const name of variables.keys()) if (!LEG_VARIABLE.test(name)) wrong.push(`extra variable ${name}`);
  }
  return [...wrong, ...violations];
}

async function play(
  stage: Stage,
  router: RouterAddress,
  wanted: number,
  perCall: number,
  said: readonly RegExp[],
): Promise<Outcome & { readonly values: number }> {
  const { random } = stage;
  let values = 0;
  let calls = 0;
  let lost = 0;
  const wrong: string[] = [];
  const ends = new Map<string, number>();
  const freeswitch = stage.freeswitch({ routers: [router], maxCallMs: 20_000 });
  const worker = async (): Promise<void> => {
    while (values < wanted && !stage.signal.aborted && wrong.length < 100) {
      values += perCall + CALLER_VALUES;
      calls++;
      const report = await freeswitch.call(
        call('hostile', {
          caller: random.chance(0.5) ? hostile(random) : '380441110001',
          callerName: hostile(random),
          did: random.chance(0.5) ? hostile(random) : '15005550100',
          sipHeaders: { 'X-Evil': hostile(random), Diversion: `<sip:${hostile(random)}@x>` },
          variables: { evil: hostile(random) },
          callee: ({ user }) =>
            user === FALLBACK
              ? { kind: 'answer', afterMs: 0, talkMs: 5, hangup: 'caller' }
              : { kind: 'fail', cause: 'USER_BUSY', afterMs: 0 },
        }),
      );
      wrong.push(...extra(report, said));
      if (report.lost !== null) lost++;
      ends.set(report.end.kind, (ends.get(report.end.kind) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const shown = [...ends].map(([end, count]) => `${count} ${end}`).join(', ');
  return {
    values,
    figure: `${values} values in ${calls} calls, all through sockets (${shown}): ${wrong.length} extra commands, legs or violations, ${lost} lost${wrong[0] === undefined ? '' : `, e.g. ${wrong[0].slice(0, 200)}`}`,
    reached: wrong.length === 0 && lost === 0,
  };
}

/** Header names of a request; a name that is not ours was smuggled in. */
const HEADERS =
  /^(?:accept|accept-encoding|connection|content-length|content-type|host|traceparent|user-agent|webhook-id|webhook-timestamp|webhook-signature|x-evil|x-name|x-esl-router-.*)$/;

export const hostileText: Row = {
  name: 'hostile-text',
  fault:
    'hostile text from CRM and caller (CR LF NUL, `${`, `%24%7B`, `{}[]<>,|`, `:_:`, `^^`, `loopback/app=`, `@host`, `;fs_path=`, module names, Unicode digits)',
  target:
    'an independent reader of every byte that left the router finds 0 extra commands, 0 extra legs in 1,000,000 values',
  seconds: 900,
  run: async (stage) => {
    const smuggled: string[] = [];
    let requests = 0;
    const crm = await stage.crm(({ headers, method, url }) => {
      requests++;
      smuggled.push(...Object.keys(headers).filter((name) => !HEADERS.test(name)));
      if (method !== 'POST' || !/^\/a\/[^/?]*\?n=[^?&]*$/.test(url)) smuggled.push(`${method} ${url}`);
      return { status: 200, body: replyBody(stage.random, VALUES_EACH) };
    });
    const router = await stage.router({
      schemes: [
        {
          name: 'hostile',
          webhook: {
            // In the path only what cannot be a segment of dots.
            url: `${crm.url}/a/n{{caller_name}}?n={{sip.X-Evil}}`,
            headers: { 'X-Evil': '{{sip.X-Evil}}', 'X-Name': '{{caller_name}}' },
            parameters: {
              a: '{{caller}}',
              b: '{{did}}',
              c: '{{diverted_from}}',
              d: '{{var.evil}}',
              e: '{{sip.X-Evil}}',
            },
          },
          bridge: { headers: { 'X-Card': '{{reply.url}}' } },
          fallback: {
            onError: [{ dial: FALLBACK }],
            onBusy: [{ dial: FALLBACK }],
            onNoAnswer: [{ dial: FALLBACK }],
          },
        },
      ],
    });
    const wanted = stage.count(1_000_000, 100_000, 10_000);
    const outcome = await play(stage, router.address, wanted, VALUES_EACH + EXTRA_VALUES, SAID);
    const { length } = smuggled;
    return {
      figure: `${outcome.figure}; ${requests} requests to the CRM, ${length} of them not as they should be${length > 0 ? ` (${smuggled[0] ?? ''})` : ''}`,
      reached: outcome.reached && length === 0 && requests > 0,
    };
  },
  control: {
    what: 'modesl 1.2.1 as in its examples',
    run: async (stage) => {
      const crm = await stage.crm(() => ({
        status: 200,
        body: JSON.stringify({ destination: hostile(stage.random) }),
      }));
      const control = await stage.control('./controls/modesl.ts', { CRM_URL: crm.url });
      // It may say what it likes, as long as the reader of dial strings finds no fault with it.
      return play(stage, control, 500, 1, [/^[^]*$/]);
    },
  },
};
