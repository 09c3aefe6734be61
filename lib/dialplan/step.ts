/** Actions of a dialplan as FreeSWITCH will run them, as far as variables are known. Pure. */
import { resolve, type Action } from './dialplan.ts';

/** An action with its data as FreeSWITCH will see it, as far as that is known. */
export interface Step extends Action {
  readonly value: string;
}

/** With the variables of the dialplan and of the actions in front of each. */
export function stepsOf(actions: readonly Action[], globals: ReadonlyMap<string, string>): Step[] {
  const variables = new Map(globals);
  return actions.map((action) => {
    const value = resolve(action.data, variables);
    for (const [name, text] of assignments(action)) {
      if (text === null) variables.delete(name);
      else variables.set(name, resolve(text, variables));
    }
    return { ...action, value };
  });
}

/** What an action sets, name and text as written; null: it unsets it. */
function assignments({ application, data }: Action): [name: string, text: string | null][] {
  const pair = (text: string): [string, string | null][] => {
    const [, name = '', value = ''] = /^\s*(?:nolocal:)?([^=\s]+)\s*=(.*)$/s.exec(text) ?? [];
    return name === '' ? [] : [[name, value.trim()]];
  };
  if (application === 'unset') return [[data, null]];
  if (application === 'set' || application === 'export') return pair(data);
  if (application !== 'multiset') return [];
  const [, delimiter = ' ', list = data] = /^\^\^(.)(.*)$/s.exec(data) ?? [];
  return list.split(delimiter).flatMap(pair);
}

/** The last assignment to a variable; null where there is none. */
export function assigned(
  steps: readonly Step[],
  name: string,
): { step: Step; raw: string; value: string } | null {
  for (const step of [...steps].reverse()) {
    const found = assignments(step).find(([assigned]) => assigned === name);
    if (found === undefined) continue;
    const [, raw] = found;
    const [, value = null] =
      assignments({ ...step, data: step.value }).find(([other]) => other === name) ?? [];
    return raw === null ? null : { step, raw, value: value ?? raw };
  }
  return null;
}

export interface Target {
  readonly number: string;
  readonly dialplan: string;
  readonly context: string;
}

/** Of `transfer` and its like: flags, number, dialplan, context; what is missing is that of the call. */
export function targetOf(text: string): Target {
  const words = text.split(/\s+/).filter((word) => word !== '' && !word.startsWith('-'));
  const [number = '', dialplan = 'XML', context = '${context}'] = words;
  return { number, dialplan: dialplan.toLowerCase(), context };
}

/** It holds a variable that is not known here. */
export function isOpen(text: string): boolean {
  return text.includes('${');
}
