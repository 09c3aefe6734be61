import type { DialplanFile } from './dialplan.ts';

/** The files of freeswitch/dialplan/ with the values of one router and one number. Pure. */

export interface Handover {
  /** Of the socket application: `127.0.0.1:8084`. */
  readonly address: string;
  readonly guardSeconds: number;
  /** The number that is called; null: that of the example. */
  readonly did: string | null;
  /** Which scheme its calls ask for; null: they choose. */
  readonly scheme: string | null;
}

/** As they are shipped. */
export interface ShippedDialplan {
  /** `esl-router.xml` */
  readonly context: string;
  /** `public/00_esl-router.xml` */
  readonly numbers: string;
}

/** Names are below FreeSWITCH's `conf`. */
export function handoverFiles(
  { context, numbers }: ShippedDialplan,
  { address, guardSeconds, did, scheme }: Handover,
): DialplanFile[] {
  const settings = replaced(
    replaced(context, /(?<="esl_router_hosts=)[^"]*/, address),
    /(?<="esl_router_guard=)\d+(?="\/>)/,
    String(guardSeconds),
  );
  const number =
    did === null ? numbers : replaced(numbers, /(?<=\^\(\\\+\?)\d+(?=\)\$)/, did.replace('+', ''));
  const chosen =
    scheme === null
      ? number
      : replaced(
          number,
          /<!-- (<action application="set" data="esl_router_hosts=)[^"]*("\/>) -->/,
          `$1${address}/${scheme}$2`,
        );
  return [
    { name: 'dialplan/esl-router.xml', text: settings },
    { name: 'dialplan/public/00_esl-router.xml', text: chosen },
  ];
}

/** A file that was changed so that its place is not found any more would be handed out with somebody else's values. */
function replaced(text: string, place: RegExp, by: string): string {
  if (!place.test(text)) throw new Error(`the shipped dialplan has no place ${String(place)}`);
  return text.replace(place, by);
}
