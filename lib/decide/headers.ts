import { concealCaller, holdsCaller } from '../call/channel.ts';
import { headerText } from '../dial/dialstring.ts';
import type { Scheme } from '../scheme/scheme.ts';
import { textAt } from '../webhook/formats/index.ts';
import { expand, repliesOf, type MacroContext } from '../webhook/macro.ts';

/** Headers for the callee by name, safe in a dial string. */
export type CalleeHeaders = Readonly<Record<string, string>>;

/**
 * `bridge.headers` for the steps of one list. A list that a CRM gave is shown what that CRM said; a list of the scheme's own
 * has no reply after it, so that a header which reads one is left out, and any other is for every leg.
 * @param reply the document that gave the list
 */
export function calleeHeaders(
  { bridge }: Scheme,
  context: MacroContext,
  reply?: { readonly document: unknown },
): CalleeHeaders {
  const { call } = context;
  const isNumber = holdsCaller(call);
  const values: MacroContext = {
    ...context,
    // A CRM may be told a withheld number, a callee never.
    call: call.withheld ? concealCaller(call) : call,
    secret: () => '',
    ...(reply === undefined ? {} : { reply: (path: string) => textAt(reply.document, path) }),
  };
  return Object.fromEntries(
    Object.entries(bridge.headers)
      .filter(([, template]) => reply !== undefined || repliesOf(template).length === 0)
      .map(([name, template]) => [name, expand(template, values, (value) => value)] as const)
      // The CRM that was told may say it again.
      .map(([name, text]) => [name, call.withheld && isNumber(text) ? '' : headerText(text)]),
  );
}
