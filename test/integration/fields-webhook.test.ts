import { expect } from 'chai';
import { CALLER, DID, scenarios, type Outcome, type Scenario } from '../support/scenario.ts';

/** A test for each field below `webhook` that fails when the field is ignored. */

const only = ({ requests }: Outcome): Outcome['requests'][number] => {
  expect(requests).to.have.length(1);
  return requests[0]!;
};
const query = (outcome: Outcome): string => only(outcome).url.split('?')[1] ?? '';
const json = (outcome: Outcome): unknown => JSON.parse(only(outcome).body.toString());

const address: Scenario[] = [
  {
    title: 'url: macros in path and query are escaped for their place',
    scheme: { webhook: { url: 'CRM/by/{{caller_name}}?who={{caller_name}}&line={{did}}' } },
    call: { callerName: 'a/b?c&d=é' },
    reply: () => ({ json: { destination: '201' } }),
    check: (outcome) => {
      expect(only(outcome).url).to.equal(
        `/${outcome.name}/by/a%2Fb%3Fc%26d%3D%C3%A9?who=a%2Fb%3Fc%26d%3D%C3%A9&line=${DID}`,
      );
    },
  },
  {
    title: 'url: a value that would climb in the path is an error, and the CRM is not asked',
    scheme: { webhook: { url: 'CRM/by/{{caller_name}}/x' } },
    call: { callerName: '..' },
    check: ({ requests, record, report, line }) => {
      expect(requests).to.have.length(0);
      expect(record).to.include({ result: 'error', reason: 'request_invalid' });
      expect(report.end.kind).to.equal('dialplan');
      const sentence = 'not asked: request_invalid: a value makes a segment of the URL path "." or ".."';
      expect(record.notes).to.include(sentence);
      expect(line['notes']).to.include(sentence);
    },
  },
  {
    title: 'url: what could not be asked takes nothing from the question before it',
    scheme: {
      webhook: { url: 'CRM/first' },
      fallback: { onNoRoute: [{ webhook: 'CRM/by/{{caller_name}}/x' }] },
    },
    call: { callerName: '..' },
    reply: { first: { json: {} } },
    check: ({ requests, record }) => {
      expect(requests).to.have.length(1);
      expect(record.requests.map(({ answer }) => answer)).to.deep.equal(['missing_key']);
      expect(record.notes.join()).to.include('not asked: request_invalid: a value makes a segment');
    },
  },
  {
    title: 'echo: a reply that repeats the id is the answer',
    scheme: { webhook: { echo: { header: 'X-Question' } } },
    reply: ({ headers }) => ({
      status: 200,
      headers: { 'X-Question': String(headers['x-question']) },
      body: '{"destination":"201"}',
    }),
    check: ({ requests, dialled }) => {
      expect(requests[0]?.headers['x-question']).to.equal(requests[0]?.headers['webhook-id']);
      expect(dialled).to.deep.equal(['user/201@pbx.example']);
    },
  },
  {
    title: "echo: another caller's answer rings nobody",
    scheme: { webhook: { echo: { key: 'question' } }, fallback: { onError: [{ dial: '900' }] } },
    reply: () => ({ json: { destination: '201', question: 'of another caller' } }),
    check: ({ dialled, record, line, marker }) => {
      expect(dialled).to.deep.equal(['user/900@pbx.example']);
      expect(record.requests[0]?.answer).to.equal('reply_foreign');
      expect(record.requests[0]?.detail).to.match(
        /^the reply belongs to the question "of another caller" \(key "question"\), ours is "/,
      );
      expect(line['detail']).to.equal(record.requests[0]?.detail);
      expect(marker('result')).to.equal('error');
    },
  },
  {
    title: 'method',
    scheme: { webhook: { submission: 'http', method: 'PUT' } },
    check: (outcome) => {
      expect(only(outcome).method).to.equal('PUT');
    },
  },
  {
    title: 'submission: another than json is sent as such',
    scheme: { webhook: { submission: 'http' } },
    check: (outcome) => {
      expect(only(outcome).headers['content-type']).to.equal('application/x-www-form-urlencoded');
    },
  },
  {
    title: 'import: the same reply is read as text and not as JSON',
    scheme: { webhook: { import: 'http' } },
    reply: { text: 'agent_007' },
    check: ({ dialled }) => {
      expect(dialled).to.deep.equal(['user/agent_007@pbx.example']);
    },
  },
  {
    title: 'rpcMethod',
    scheme: { webhook: { submission: 'json-rpc', rpcMethod: 'crm.owner' } },
    check: (outcome) => {
      expect(json(outcome)).to.include({ method: 'crm.owner' });
    },
  },
];

const PARAMETERS = { phone: '{{caller}}', 'X-Line': 'line {{did}}' };

const sending: Scenario[] = [
  {
    title: 'parameters: names and macros, instead of the default body',
    scheme: { webhook: { parameters: { a: '{{caller}}/{{did}}', b: 'text', c: '{{scheme}}-{{attempt}}' } } },
    check: (outcome) => {
      expect(json(outcome)).to.deep.equal({ a: `${CALLER}/${DID}`, b: 'text', c: `${outcome.name}-1` });
    },
  },
  {
    title: 'body: any JSON with macros in its texts',
    scheme: {
      webhook: {
        body: { filter: [{ 'PHONE_{{did}}': '{{caller}}' }, 1, null, true], deep: { x: '{{caller_name}}' } },
      },
    },
    call: { callerName: 'A "B"' },
    check: (outcome) => {
      expect(json(outcome)).to.deep.equal({
        filter: [{ 'PHONE_{{did}}': CALLER }, 1, null, true],
        deep: { x: 'A "B"' },
      });
    },
  },
  ...(
    [
      ['auto, by GET', 'auto', 'GET', `phone=${CALLER}&X-Line=line%20${DID}`, ''],
      ['auto, by POST', 'auto', 'POST', '', `phone=${CALLER}&X-Line=line+${DID}`],
      ['query, by POST', 'query', 'POST', `phone=${CALLER}&X-Line=line%20${DID}`, ''],
      ['form, by PUT', 'form', 'PUT', '', `phone=${CALLER}&X-Line=line+${DID}`],
    ] as const
  ).map(([title, parametersIn, method, wantedQuery, wantedBody]): Scenario => ({
    title: `parametersIn: ${title}`,
    scheme: { webhook: { submission: 'http', method, parametersIn, parameters: PARAMETERS } },
    check: (outcome) => {
      expect(query(outcome)).to.equal(wantedQuery);
      expect(only(outcome).body.toString()).to.equal(wantedBody);
    },
  })),
  {
    title: 'parametersIn: headers, where other letters go as percent-encoded UTF-8',
    scheme: {
      webhook: {
        submission: 'http',
        method: 'GET',
        parametersIn: 'headers',
        parameters: { ...PARAMETERS, 'X-Name': '{{caller_name}}' },
      },
    },
    call: { callerName: 'Олена' },
    check: (outcome) => {
      const { headers, url, body } = only(outcome);
      expect(headers).to.include({ phone: CALLER, 'x-line': `line ${DID}` });
      expect(headers['x-name']).to.equal('%D0%9E%D0%BB%D0%B5%D0%BD%D0%B0');
      expect(url).to.equal(`/${outcome.name}/route`);
      expect(body).to.have.length(0);
    },
  },
  {
    title: 'headers: one of its own, and one that overrides',
    scheme: { webhook: { headers: { 'X-Line': '{{did}}', 'user-agent': 'pbx', Accept: 'text/csv' } } },
    check: (outcome) => {
      const { headers, rawHeaders } = only(outcome);
      expect(headers).to.include({ 'x-line': DID, 'user-agent': 'pbx', accept: 'text/csv' });
      expect(rawHeaders.filter((text) => text.toLowerCase() === 'user-agent')).to.have.length(1);
    },
  },
  {
    title: 'auth: basic, in UTF-8',
    scheme: { webhook: { auth: { type: 'basic', user: 'crm', password: '{{secret.CRM_PASSWORD}}' } } },
    check: (outcome) => {
      const wanted = Buffer.from('crm:pässwörd').toString('base64');
      expect(only(outcome).headers['authorization']).to.equal(`Basic ${wanted}`);
      expect(JSON.stringify(outcome.record)).not.to.include(wanted).and.not.to.include('pässwörd');
    },
  },
  {
    title: 'auth: bearer',
    scheme: { webhook: { auth: { type: 'bearer', token: '{{secret.CRM_TOKEN}}' } } },
    check: (outcome) => {
      expect(only(outcome).headers['authorization']).to.equal('Bearer tok-9b1f');
      expect(JSON.stringify(outcome.record)).not.to.include('tok-9b1f');
    },
  },
  {
    title: 'auth: none by default',
    check: (outcome) => {
      expect(only(outcome).headers).not.to.have.property('authorization');
    },
  },
  ...(['hide', 'send'] as const).map((withheld): Scenario => ({
    title: `withheld: ${withheld}`,
    scheme: {
      webhook: {
        url: 'CRM/route?n={{caller}}&r={{caller_raw}}&v={{var.sip_from_user}}',
        headers: { 'X-Caller': '{{caller_e164}}' },
        withheld,
      },
      numbering: { country: 'UA' },
    },
    call: { privacy: true },
    check: (outcome) => {
      const { url, headers, body } = only(outcome);
      const seen = [
        url,
        JSON.stringify(headers),
        body.toString(),
        JSON.stringify(outcome.record),
        JSON.stringify(outcome.line),
      ];
      if (withheld === 'send') {
        for (const text of seen) expect(text).to.include(CALLER);
      } else {
        for (const text of seen) expect(text).not.to.include(CALLER.slice(3));
        expect(json(outcome)).to.include({ caller: '', caller_name: '' });
      }
    },
  })),
];

const secrets = { SECRET_CRM_PASSWORD: 'pässwörd', SECRET_CRM_TOKEN: 'tok-9b1f' };

scenarios('fields of webhook', [...address, ...sending], { settings: secrets });
