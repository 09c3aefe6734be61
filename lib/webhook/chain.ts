import { z } from 'zod';
import { proxyFor } from '../http/proxy.ts';
import { EVENT_THEN_FIELD, THEN_FIELD } from './description.ts';
import { described } from './field.ts';
import { repliesOf } from './macro.ts';
import { DIRECT, type ProxyChoice, type ProxySetting } from './proxy.ts';
import type { TlsChoice } from './tls.ts';
import {
  OF_THE_CHAIN,
  own,
  ownOfEvents,
  questionFaults,
  templatesOfWebhook,
  UNASKED,
  type Crm,
  type Webhook,
} from './webhook.ts';

/** `webhook` of a scheme: one question, or a chain of them, in which each has something of the reply before it. */

const MOST_FURTHER = 3;

type OfTheChain = (typeof OF_THE_CHAIN)[number];

const { shape: further } = z
  .object(own)
  .omit(Object.fromEntries(OF_THE_CHAIN.map((key) => [key, true])) as Record<OfTheChain, true>);

const link = z.strictObject(further).superRefine((question, context) => {
  questionFaults(question, (path, message) => {
    context.addIssue({ code: 'custom', path: [path], message });
  });
});

type Link = z.output<typeof link>;

const { then } = described({ then: z.array(link).max(MOST_FURTHER).default([]) }, THEN_FIELD);

export const webhook = z.strictObject({ ...own, then }).superRefine((hook, context) => {
  const fault = (path: string, message: string): void => {
    context.addIssue({ code: 'custom', path: path.split('.'), message });
  };
  questionFaults(hook, fault);
  if (hook.unmapped !== undefined && hook.map.size === 0) {
    fault('unmapped', 'is for words that webhook.map does not have, and there is no webhook.map');
  }
  sequenceFaults(hook, fault);
  const named = [hook, ...hook.then].slice(0, -1).findIndex(namesDestination);
  if (named >= 0) {
    fault(
      named === 0 ? 'responseName' : `then.${named - 1}.responseName`,
      'is for the destination, which only the reply of the last question names',
    );
  }
});

const { shape: furtherOfEvents } = z.object(ownOfEvents).omit({ timeoutSeconds: true, require: true });

const eventLink = z.strictObject(furtherOfEvents).superRefine((request, context) => {
  questionFaults({ ...UNASKED, ...request }, (path, message) => {
    context.addIssue({ code: 'custom', path: [path], message });
  });
});

const { then: eventThen } = described(
  { then: z.array(eventLink).max(MOST_FURTHER).default([]) },
  EVENT_THEN_FIELD,
);

/** `webhook` of an entry of `events`: the same, as far as a CRM is told and not asked. */
export const eventWebhook = z
  .strictObject({ ...ownOfEvents, then: eventThen })
  .superRefine((hook, context) => {
    const fault = (path: string, message: string): void => {
      context.addIssue({ code: 'custom', path: path.split('.'), message });
    };
    questionFaults({ ...UNASKED, ...hook }, fault);
    sequenceFaults(hook, fault);
  })
  .transform(({ then, ...first }) => ({
    ...UNASKED,
    ...first,
    then: then.map((request) => ({ ...UNASKED, ...request })),
  }));

type Linked = Parameters<typeof repliesIn>[0] & Pick<Link, 'import'>;

function sequenceFaults(
  hook: Linked & { readonly then: readonly Linked[] },
  fault: (path: string, message: string) => void,
): void {
  for (const [path] of templatesOfWebhook(hook).map(repliesOf)) {
    if (path !== undefined) fault('url', `{{reply.${path}}}: there is no reply before the first question`);
  }
  for (const [index, question] of hook.then.entries()) {
    const message = whyNotAfter(question, hook.then[index - 1] ?? hook);
    if (message !== null) fault(`then.${index}`, message);
  }
}

/** It follows from nothing, or from what can't be read. */
function whyNotAfter(question: Linked, before: Linked): string | null {
  const [path] = repliesIn(question);
  if (path === undefined) return 'uses nothing of the previous reply: expected {{reply.path}} in it';
  return before.import === 'http'
    ? `{{reply.${path}}}: the previous reply is plain text (import "http")`
    : null;
}

function namesDestination({ responseName }: Link): boolean {
  return responseName.join() !== 'destination';
}

/** The paths of the reply before that a question has in it. */
export function repliesIn(
  question: Pick<Webhook, 'url' | 'parameters' | 'body' | 'headers' | 'auth'>,
): string[] {
  return [...new Set(templatesOfWebhook(question).flatMap(repliesOf))];
}

/** All questions of a chain, in order. */
export function questionsOf(webhook: Webhook): readonly Webhook[] {
  return [webhook, ...webhook.then];
}

/** Every host that is asked through a proxy: of the questions, and of their access tokens. */
export function waysOf(webhook: Webhook): { readonly host: string; readonly proxy: ProxySetting }[] {
  return questionsOf(webhook).flatMap(({ proxies, url, auth }) => {
    const urls = [url.source, ...(auth.type === 'oauth2' ? [auth.tokenUrl.source] : [])];
    return urls.flatMap((source) => {
      const proxy = proxyFor(proxies, source);
      return proxy === null ? [] : [{ host: new URL(source).host, proxy }];
    });
  });
}

/** What a question's connection needs, and its document alone can't give: see `connected`. */
export interface Wanted {
  /** Its files are to be read. */
  readonly tls: TlsChoice | undefined;
  readonly proxy: ProxyChoice | undefined;
}

/** Each question with what holds for all of them, and what each wants beside, in their order. */
export function chainOf(
  { then: links, tls, proxy, crm, ...first }: z.output<typeof webhook> | z.output<typeof eventWebhook>,
  crms: ReadonlyMap<string, Crm>,
): { readonly webhook: Webhook; readonly wanted: readonly Wanted[] } {
  const common = Object.fromEntries(OF_THE_CHAIN.map((key) => [key, first[key]])) as Pick<
    typeof first,
    OfTheChain
  >;
  const profileOf = (name: string | undefined): Crm | null => crms.get(name ?? '') ?? null;
  const bare = { tls: null, proxies: DIRECT };
  const then = links.map(({ tls: _tls, proxy: _proxy, crm: name, ...question }): Webhook => ({
    ...question,
    ...common,
    ...bare,
    // It is about what the reply says, and tells no more of the call than the scheme wants.
    ...(question.body === undefined ? { parameters: question.parameters ?? {} } : {}),
    // A caller without what is asked about was not asked about.
    require: [],
    profile: profileOf(name),
    then: [],
  }));
  return {
    webhook: { ...first, ...bare, profile: profileOf(crm), then },
    wanted: [{ tls, proxy }, ...links].map((question) => ({ tls: question.tls, proxy: question.proxy })),
  };
}

/** The chain with what each of its questions wants, in their order. */
export function connected(
  webhook: Webhook,
  connections: readonly Pick<Webhook, 'tls' | 'proxies'>[],
): Webhook {
  const [first, ...rest] = connections;
  const then = webhook.then.map((question, index) => ({ ...question, ...rest[index] }));
  return { ...webhook, ...first, then };
}
