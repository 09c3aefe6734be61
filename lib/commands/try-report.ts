import type { CallRecord } from '../call/record.ts';
import { canaryLine, shadowLine } from './why-story.ts';
import { describeStep } from '../decide/decide.ts';
import type { Listed, Tried } from '../decide/dry-run.ts';
import { sentenceOf, whatToDo } from '../errors.ts';

/** The result of a dry run, in lines for people. */
export function reportOf({ record, chosen, steps, dialStrings, next }: Tried): string[] {
  const { requests, readings, notes, canary, shadows, result, reason, via } = record;
  const given = chosen === null;
  const advice = whatToDo(reason);
  return [
    ...callLines(record),
    ...(given ? [] : [`scheme ${chosen.scheme.name}, chosen by ${chosen.chosenBy}`]),
    ...(canary === null ? [] : [canaryLine(canary)]),
    ...(given ? [] : ['']),
    ...requests.flatMap(requestLines),
    ...readings.map(
      ({ path, text, result }) => `  ${path === '' ? 'value' : path} ${JSON.stringify(text)}: ${result}`,
    ),
    ...notes.map((note) => `note: ${note}`),
    '',
    `result: ${result} (${reason})${given ? '' : `, ${via}`}`,
    ...(result === 'routed' ? [] : [`reason: ${sentenceOf(reason)}`]),
    ...steps.map((step) => `step: ${describeStep(step)}`),
    ...dialStrings.map((dialString) => `dial string: ${dialString}`),
    ...next.flatMap(nextLines),
    ...shadows.map(shadowLine),
    ...(result === 'routed' || advice === null ? [] : [`what to do: ${advice}`]),
  ];
}

function callLines({ call }: CallRecord): string[] {
  if (call === null) return [];
  const { caller, callerName, withheld, did, context } = call;
  const number = caller === '' ? 'a withheld number' : `${caller}${withheld ? ' (withheld)' : ''}`;
  const name = callerName === '' ? '' : ` ${JSON.stringify(callerName)}`;
  return [`call from ${number}${name} to ${did}, context ${context}`];
}

function requestLines(request: CallRecord['requests'][number]): string[] {
  const { attempt, scheme, method, url, headers, body, proxy, retries, reply, phases, answer, detail } =
    request;
  const { total = 0, redirects = 0, host = '' } = phases ?? {};
  const from =
    redirects === 0 ? '' : `, redirected ${redirects === 1 ? 'once' : `${redirects} times`}, from ${host}`;
  return [
    `request ${attempt} (scheme ${scheme})`,
    `  ${method} ${url}`,
    ...(proxy === null ? [] : [`  through the proxy ${proxy}`]),
    ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`),
    ...(body === null ? [] : ['', indent(body)]),
    ...retries.map(({ reason, detail }) => `retried after ${reason}: ${detail}`),
    ...(reply === null
      ? []
      : ['', `reply ${reply.status} after ${total.toFixed(1)} ms${from}`, indent(reply.body)]),
    '',
    `answer: ${answer ?? '-'}${detail === null ? '' : `: ${detail}`}`,
  ];
}

/** `if no_answer, rejected, unreachable: dial 900, dialplan` */
function nextLines({ outcomes, steps, dialStrings }: Listed): string[] {
  return [
    `if ${outcomes.join(', ')}: ${steps.map(describeStep).join(', ')}`,
    ...dialStrings.map((dialString) => `  dial string: ${dialString}`),
  ];
}

function indent(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(/\t/g, '  ').replace(/^/gm, '  ');
}
