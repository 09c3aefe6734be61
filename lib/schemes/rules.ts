import type { Call } from '../call/channel.ts';
import type { Config } from '../config/config.ts';
import type { DestinationRules } from '../dial/destination.ts';
import { domainFor } from '../dial/originate.ts';
import type { Scheme } from '../scheme/scheme.ts';
import { KINDS } from '../webhook/webhook.ts';

/** How the CRM's words are read for a call, and what of it may be dialled, by scheme and configuration. */
export function replyRules(scheme: Scheme, config: Config, call: Call): DestinationRules {
  const { map, unmapped = 'nobody', expect = KINDS } = scheme.webhook;
  return { ...stepRules(scheme, config, call), map, unmapped, expect };
}

const NO_WORDS: ReadonlyMap<string, string> = new Map();

/** The same for the words of the scheme itself: its fallback lists mean what they say. */
export function stepRules(
  scheme: Scheme,
  config: Config,
  call: Pick<Call, 'did' | 'variables'>,
): DestinationRules {
  return {
    targets: scheme.targets,
    map: NO_WORDS,
    unmapped: 'pass',
    expect: KINDS,
    numbering: scheme.numbering,
    domain: domainFor(scheme, config, call).value,
    sipHosts: config.sipHosts,
    numbers: [config.numbers, scheme.numbers],
    emergency: config.bypass.called,
    did: call.did,
    extensions: scheme.extensions,
    extensionContext: config.extensionContext,
  };
}
