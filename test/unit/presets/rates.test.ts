import { expect } from 'chai';
import { PRESETS } from '../../../lib/presets/index.ts';
import type { Scheme } from '../../../lib/scheme/scheme.ts';
import { standingOf } from '../../../lib/webhook/account.ts';
import { questionsOf } from '../../../lib/webhook/chain.ts';
import type { Webhook } from '../../../lib/webhook/webhook.ts';
import { schemeOf } from '../../support/scheme.ts';

/** What a preset may send to its CRM, all in all, against what that documents. */

interface Limit {
  /** Of which requests; all when left out. */
  readonly of?: RegExp;
  readonly perSecond: number;
  /** So many at once are no fault, as long as they get fewer again. */
  readonly atOnce?: number;
}

const LIMITS: Readonly<Record<string, readonly Limit[]>> = {
  // https://developers.kommo.com/docs/limitations
  kommo: [{ perSecond: 7 }],
  // https://developers.hubspot.com/apisbytier: 100 in ten seconds; https://developers.hubspot.com/changelog/crm-search-api-rate-limit-increase
  hubspot: [{ perSecond: 10 }, { of: /\/search$/, perSecond: 4 }],
  // https://github.com/bitrix-tools/b24-rest-docs/blob/main/limits.md: by address, whatever asks from there
  bitrix24: [{ perSecond: 2, atOnce: 50 }],
};
/** Zoho counts requests at a time, Salesforce those of a day, the others are one's own. */
const UNLIMITED = ['generic-json', 'http-query', 'json-rpc', 'zoho', 'salesforce', 'odoo', 'google-sheet'];

interface Rate {
  readonly url: string;
  readonly most: number;
  /** Over a long time: each request of a chain comes after one of its first. */
  readonly lasting: number;
}

/** Each place where requests are counted, as the router does it. */
function ratesOf(webhooks: readonly Webhook[]): Rate[] {
  const places = new Map<string, { url: string; most: number; firsts: Map<string, number> }>();
  for (const webhook of webhooks) {
    const { bulkhead: first } = standingOf(webhook, 'sales');
    for (const one of questionsOf(webhook)) {
      const { bulkhead, policy } = standingOf(one, 'sales');
      const most = policy.maxPerSecond ?? Infinity;
      const place = places.get(bulkhead) ?? { url: one.url.source, most, firsts: new Map<string, number>() };
      // The last request sets the rate of its place.
      expect(most, `${place.url} has one rate`).to.equal(place.most);
      place.firsts.set(first, webhook.maxPerSecond ?? Infinity);
      places.set(bulkhead, place);
    }
  }
  return [...places.values()].map(({ url, most, firsts }) => {
    const fed = [...firsts.values()].reduce((total, rate) => total + rate, 0);
    return { url, most, lasting: Math.min(most, fed) };
  });
}

const sum = (rates: readonly Rate[], of: (rate: Rate) => number): number =>
  rates.reduce((total, rate) => total + of(rate), 0);

describe('rates of the presets', () => {
  it('are held against the limits of every CRM that has some', () => {
    expect([...Object.keys(LIMITS), ...UNLIMITED].sort()).to.deep.equal(Object.keys(PRESETS).sort());
  });

  for (const [name, limits] of Object.entries(LIMITS)) {
    const { scheme: document, events } = PRESETS[name] as (typeof PRESETS)[string];
    for (const [what, { webhook, events: told }] of [
      ['without events', schemeOf(document)],
      ['with events', schemeOf({ ...document, events: events?.entries ?? [] })],
    ] satisfies [string, Scheme][]) {
      for (const { of = /./, perSecond, atOnce } of limits) {
        it(`${name} ${what}: within ${perSecond} a second of ${of.source}`, () => {
          const within = (rates: Rate[]): Rate[] => rates.filter(({ url }) => of.test(url));
          const asked = within(ratesOf([webhook]));
          // Questions and events are counted apart, though the CRM counts them together.
          const sent = within(ratesOf(told.map(({ webhook: one }) => one)));
          const questions = sum(asked, ({ most }) => most);
          if (atOnce === undefined) {
            expect(questions + sum(sent, ({ most }) => most)).to.be.at.most(perSecond);
            return;
          }
          // A backlog of events may last for hours, and leaves callers a quarter.
          const lasting = sum(sent, (rate) => rate.lasting);
          expect(lasting).to.be.at.most(perSecond * 0.75);
          expect(questions).to.be.at.most(perSecond);
          // Even then as many callers as may be asked about at all, for half a minute.
          expect((questions + lasting - perSecond) * 30).to.be.at.most(atOnce);
        });
      }
    }
  }
});
