/**
 * What is wrong with the dialplan around `socket`, before a caller finds out: the rules are those of freeswitch/README.md.
 * Pure.
 */
import { takes, type Action, type Dialplan, type Extension } from './dialplan.ts';
import { guardSecondsFor, MARGIN_SECONDS } from './guard.ts';
import { strayHosts, type OtherPorts } from './hosts.ts';
import { assigned, isOpen, stepsOf, targetOf, type Step, type Target } from './step.ts';

export interface Finding {
  /** A fault loses callers or tears them out of their calls; a note does not. */
  readonly kind: 'fault' | 'note';
  readonly file: string;
  readonly line: number;
  readonly extension: string;
  readonly text: string;
  /** The line that mends it. */
  readonly write: string | null;
}

export interface CheckOptions {
  /** Where the router listens; null: any `socket` may be meant. */
  readonly port: number | null;
  readonly otherPorts: OtherPorts;
  /** The longest time that a scheme may take to decide. */
  readonly timeoutSeconds: number;
}

const FALLBACK = 'esl_router_fallback';
const DEFAULT_PORT = 8084;

/** Over in no time, and heard by nobody. */
const SILENT =
  /^(set|unset|multiset|multiunset|export|set_global|set_profile_var|log|info|event|sched_\w+|ring_ready|hash|unloop|sleep|answer|pre_answer)$/;
const ENDS = /^(hangup|respond)$/;

export function checkDialplan(dialplan: Dialplan, options: CheckOptions): Finding[] {
  const findings: Finding[] = dialplan.unreadable.map((where) => ({
    ...{ kind: 'fault', extension: '', write: null },
    ...where,
  }));
  const ways = dialplan.extensions.flatMap((extension) =>
    extension.actions.flatMap(({ application }, index) =>
      application === 'socket' ? [new Way(dialplan, extension, index, options)] : [],
    ),
  );
  const ours = ways.filter(({ isOurs }) => isOurs);
  if (ours.length === 0 && findings.length === 0) {
    const text = `no extension runs socket${options.port === null ? '' : ` with port ${options.port}`}`;
    const [first] = dialplan.extensions;
    findings.push({
      ...{ kind: 'note', extension: '', write: null },
      file: first?.file ?? '',
      line: 1,
      text,
    });
  }
  // Guard and transfer lead to one fallback, and so may two ways.
  const seen = new Set<string>();
  for (const finding of ours.flatMap((way) => way.check())) {
    const key = JSON.stringify([finding.file, finding.extension, finding.text]);
    if (!seen.has(key)) findings.push(finding);
    seen.add(key);
  }
  return findings;
}

/** The way of a caller into one `socket`, and on from there. */
class Way {
  readonly #dialplan: Dialplan;
  readonly #extension: Extension;
  readonly #options: CheckOptions;
  readonly #socket: Step;
  readonly #before: readonly Step[];
  readonly #behind: readonly Step[];
  readonly #findings: Finding[] = [];

  constructor(dialplan: Dialplan, extension: Extension, index: number, options: CheckOptions) {
    this.#dialplan = dialplan;
    this.#extension = extension;
    this.#options = options;
    // What an extension with continue="true" in front has set up counts too.
    const earlier = dialplan.extensions
      .slice(0, dialplan.extensions.indexOf(extension))
      .filter(
        ({ continues, file, context }) =>
          continues && file === extension.file && context === extension.context,
      )
      .flatMap(({ actions }) => actions);
    const steps = stepsOf([...earlier, ...extension.actions], dialplan.variables);
    const at = earlier.length + index;
    this.#before = steps.slice(0, at);
    this.#socket = steps[at] as Step;
    this.#behind = steps.slice(at + 1);
  }

  get isOurs(): boolean {
    return isOurs(this.#socket, this.#options.port);
  }

  check(): readonly Finding[] {
    this.#checkSocket();
    this.#checkGuard();
    this.#checkBehind();
    this.#checkVariable(
      'continue_on_fail',
      'if the router dies while a callee rings, the caller is hung up with the cause of the callee',
    );
    this.#checkVariable(
      'hangup_after_bridge',
      'when the callee hangs up, the caller runs on into the fallback',
    );
    return this.#findings;
  }

  #checkSocket(): void {
    const { value, data } = this.#socket;
    const [hosts = '', ...words] = value.split(/\s+/);
    const modes = words.map((word) => word.toLowerCase());
    if (hosts.includes('[')) {
      const plain = hosts.replace(/\[([^\]]*)\]/g, '$1');
      this.#fault(
        'FreeSWITCH does not parse [ ] in the address of socket, and behaves as if nobody listened',
        actionOf('socket', [plain, ...words].join(' ')),
      );
    }
    const missing = ['async', 'full'].filter((mode) => !modes.includes(mode));
    if (missing.length > 0) {
      const [address = ''] = data.split(/\s+/);
      this.#fault(
        `socket lacks "${missing.join(' ')}": the router gives every call back`,
        actionOf('socket', `${address} async full`),
      );
    }
    for (const text of strayHosts(value, this.#options.otherPorts)) this.#note(text, null);
  }

  #checkGuard(): void {
    // A sched_cancel after it takes it away again.
    const cancelled = this.#before.findLastIndex(({ application }) => application === 'sched_cancel');
    const index = this.#before.findLastIndex(({ application }) => application === 'sched_transfer');
    const seconds = guardSecondsFor(this.#options.timeoutSeconds);
    const guard = this.#before[index];
    if (guard === undefined || index < cancelled) {
      const context = this.#extension.context ?? '${context}';
      this.#fault(
        'no guard before socket: when the router hangs, the caller is left in silence',
        actionOf('sched_transfer', `+${seconds} ${FALLBACK} XML ${context}`),
      );
      return;
    }
    const [when = '', ...target] = guard.value.split(/\s+/);
    const [written = ''] = guard.data.split(/\s+/);
    if (!when.startsWith('+') && !isOpen(when)) {
      this.#fault(
        'the guard fires at once: a time without "+" is an absolute time',
        actionOf('sched_transfer', [`+${written}`, ...target].join(' ')),
        guard,
      );
      return;
    }
    this.#checkSeconds(guard, when.replace('+', ''), written.replace('+', ''), seconds);
    this.#checkId(index);
    this.#checkFallback(guard, targetOf(target.join(' ')));
  }

  /** `written`: the guard's seconds as the dialplan has them. */
  #checkSeconds(guard: Step, seconds: string, written: string, wanted: number): void {
    const told = assigned(this.#before, 'esl_router_guard');
    const write = actionOf('set', `esl_router_guard=${written}`);
    if (told === null) {
      this.#fault(
        'esl_router_guard is not set: the router does not know how much time the guard gives it',
        write,
        guard,
      );
    } else if (!isOpen(told.value) && !/^[1-9]\d{0,4}$/.test(told.value)) {
      this.#fault(
        `esl_router_guard is ${JSON.stringify(told.value)}, not a whole number of seconds`,
        write,
        told.step,
      );
    } else if (told.value !== seconds && !isOpen(told.value) && !isOpen(seconds)) {
      this.#fault(
        `esl_router_guard says ${told.value} s, and the guard fires after ${seconds} s`,
        write,
        told.step,
      );
    }
    if (!/^\d+$/.test(seconds)) return;
    const [, target = ''] = /^\S+\s+(.*)$/.exec(guard.data) ?? [];
    const longer = actionOf('sched_transfer', `+${wanted} ${target}`);
    const least = this.#options.timeoutSeconds + MARGIN_SECONDS;
    if (Number(seconds) <= MARGIN_SECONDS) {
      this.#fault(`a guard of ${seconds} s leaves no time to ask the CRM`, longer, guard);
    } else if (Number(seconds) < least) {
      const text = `the guard of ${seconds} s is shorter than the longest webhook.timeoutSeconds plus 2 s (${least} s): the router will not wait for a slow CRM`;
      this.#note(text, longer, guard);
    }
  }

  /** Its variable names the last task that was scheduled, whichever that was. */
  #checkId(index: number): void {
    const write = actionOf('set', 'esl_router_guard_id=${last_sched_id}');
    const guard = this.#before[index] as Step;
    const told = assigned(this.#before, 'esl_router_guard_id');
    if (told === null) {
      this.#note(
        'esl_router_guard_id is not set: the router has to look for the guard, on every call',
        write,
        guard,
      );
      return;
    }
    const at = this.#before.indexOf(told.step);
    const other = this.#before
      .slice(index + 1, Math.max(at, 0))
      .find(({ application }) => application.startsWith('sched_'));
    if (told.raw !== '${last_sched_id}') {
      this.#fault(
        `esl_router_guard_id is ${JSON.stringify(told.raw)}, which names no guard`,
        write,
        told.step,
      );
    } else if (at < index) {
      this.#fault('esl_router_guard_id is set before the guard, and so names another task', write, told.step);
    } else if (other !== undefined) {
      const text = `esl_router_guard_id follows ${other.application} and names that task: write it directly after the guard`;
      this.#fault(text, write, told.step);
    }
  }

  #checkBehind(): void {
    const serving = this.#behind.find(({ application }) => !SILENT.test(application));
    const context = this.#extension.context ?? '${context}';
    const write = actionOf('transfer', `${FALLBACK} XML ${context}`);
    if (serving === undefined && this.#extension.continues) return;
    if (serving === undefined || ENDS.test(serving.application)) {
      this.#fault(
        'nothing after socket serves the caller when the router is down or gives the call back',
        write,
      );
      return;
    }
    if (serving.application === 'transfer') {
      this.#checkFallback(serving, targetOf(serving.value));
      return;
    }
    const lifted = this.#behind
      .slice(0, this.#behind.indexOf(serving))
      .some(({ application }) => application === 'sched_cancel');
    if (!lifted && this.#before.some(({ application }) => application === 'sched_transfer')) {
      this.#fault(
        `the guard still runs after socket, and pulls the caller out of ${serving.application}`,
        actionOf('sched_cancel', ''),
        serving,
      );
    }
  }

  #checkFallback(step: Step, target: Target): void {
    const { number } = target;
    if (number === '' || /\$/.test(number) || target.dialplan !== 'xml') return;
    const context = isOpen(target.context) ? this.#extension.context : target.context;
    const name = context === null ? number : `${number} in context ${context}`;
    const all = this.#dialplan.extensions.filter((other) => isIn(other, context));
    const reached = reachedBy(all, number);
    if (reached.length === 0) {
      const hidden =
        all.length === 0 || context === null || all.some((other) => takes(other, number) === 'unknown');
      if (hidden) this.#note(`the fallback ${name} is not in these files: it was not checked`, null, step);
      else this.#fault(`no extension takes the fallback ${name}: the caller is hung up`, null, step);
      return;
    }
    this.#checkCancel(reached, number);
    if (this.#circles(reached, context, new Set())) {
      this.#fault(`the fallback ${name} leads back to socket: the call loops`, null, step);
    }
  }

  /** Else the guard tears a caller out of a fallback that he came to before it fired. */
  #checkCancel(reached: readonly Extension[], number: string): void {
    const write = actionOf('sched_cancel', '');
    for (const extension of reached) {
      const { actions, continues, file, name } = extension;
      const certain = takes(extension, number) === 'yes';
      const [first] = actions;
      const loud = actions.findIndex(({ application }) => !SILENT.test(application));
      const before = loud < 0 ? actions : actions.slice(0, loud);
      const at = before.findIndex(({ application }) => application === 'sched_cancel');
      if (first !== undefined && at !== 0 && (at > 0 || loud >= 0 || !continues)) {
        const text = 'the first action of a fallback has to be sched_cancel';
        const place = { file, extension: name, line: first.line, write };
        if (at > 0) this.#findings.push({ kind: 'note', text, ...place });
        else
          this.#findings.push({
            kind: 'fault',
            text: `${text}: the guard pulls the caller out of it`,
            ...place,
          });
      }
      if (certain && at >= 0) return;
    }
  }

  #circles(reached: readonly Extension[], context: string | null, seen: Set<string>): boolean {
    return reached.some(({ actions }) =>
      stepsOf(actions, this.#dialplan.variables).some((step) => {
        if (step.application === 'socket') return isOurs(step, this.#options.port);
        if (!/^(transfer|execute_extension)$/.test(step.application)) return false;
        const target = targetOf(step.value);
        const where = isOpen(target.context) ? context : target.context;
        const key = JSON.stringify([target.number, where]);
        if (target.number === '' || isOpen(target.number) || seen.has(key)) return false;
        seen.add(key);
        const all = this.#dialplan.extensions.filter((other) => isIn(other, where));
        return this.#circles(reachedBy(all, target.number), where, seen);
      }),
    );
  }

  #checkVariable(name: string, why: string): void {
    const told = assigned(this.#before, name);
    if (told !== null && (isOpen(told.value) || !/^(|false|no|off|0)$/i.test(told.value))) return;
    this.#note(`${name} is not set to true: ${why}`, actionOf('set', `${name}=true`));
  }

  #fault(text: string, write: string | null, at: Action = this.#socket): void {
    this.#find('fault', text, write, at);
  }

  #note(text: string, write: string | null, at: Action = this.#socket): void {
    this.#find('note', text, write, at);
  }

  #find(kind: Finding['kind'], text: string, write: string | null, { line }: Action): void {
    const { file, name } = this.#extension;
    this.#findings.push({ kind, file, line, extension: name, text, write });
  }
}

function isIn({ context }: Extension, where: string | null): boolean {
  return where === null || context === null || context === where || isOpen(context);
}

/** In the order of the dialplan, to the one that certainly takes the call. */
function reachedBy(extensions: readonly Extension[], number: string): Extension[] {
  const reached: Extension[] = [];
  for (const extension of extensions) {
    const taken = takes(extension, number);
    if (taken !== 'yes' && taken !== 'maybe') continue;
    reached.push(extension);
    if (taken === 'yes' && !extension.continues) break;
  }
  return reached;
}

function isOurs({ value }: Step, port: number | null): boolean {
  const [hosts = ''] = value.split(/\s+/);
  const ports = hosts.split('|').map((host) => {
    const written = /:(\d+)(?:\/|$)/.exec(host)?.[1];
    if (written !== undefined) return Number(written);
    return isOpen(host) ? null : DEFAULT_PORT;
  });
  return port === null || ports.some((other) => other === null || other === port);
}

function actionOf(application: string, data: string): string {
  if (data === '') return `<action application="${application}"/>`;
  const escaped = data.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return `<action application="${application}" data="${escaped}"/>`;
}
