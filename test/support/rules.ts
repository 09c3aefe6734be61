import type { DestinationRules } from '../../lib/dial/destination.ts';
import type { Numbering } from '../../lib/numbering/number.ts';
import { KINDS } from '../../lib/webhook/webhook.ts';

/** The numbering of a scheme that says nothing about it. */
export const NUMBERING: Numbering = {
  dialAs: 'digits',
  bareDigits: 'auto',
  accept: 'possible',
  extensionDigits: [1, 6],
  withExtension: 'refuse',
};

/** The rules of a scheme that says nothing, in a configuration that allows everything. */
export const RULES: DestinationRules = {
  targets: {},
  map: new Map(),
  unmapped: 'pass',
  expect: KINDS,
  numbering: NUMBERING,
  domain: 'pbx.test',
  sipHosts: [],
  numbers: [{ deny: [], allow: [] }],
  emergency: ['112', '911', '999', '000'],
  did: '',
  extensions: 'user',
  extensionContext: 'default',
};
