/** Long things in a few words, for where there is little room. */

/** `crm.example:8080` of a URL; of what is none the beginning. */
export function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url.slice(0, 60);
  }
}

/** Who rings, without the variables in braces and brackets: `201`, `380501234567 · trunk`. Several that ring together are divided by commas. */
export function dialled(dialString: string): string {
  return legsOf(dialString)
    .map(({ who, gateway }) => (gateway === null ? who : `${who} · ${gateway}`))
    .join(', ');
}

/** The same without the gateways, each of them once: a number may ring through several. */
export function rung(dialString: string): string[] {
  return [...new Set(legsOf(dialString).map(({ who }) => who))];
}

/** How long it may ring; null: the dial string sets no limit. */
export function limitMsOf(dialString: string): number | null {
  const [, seconds] = /\boriginate_timeout=(\d+)/.exec(dialString) ?? [];
  return seconds === undefined ? null : Number(seconds) * 1000;
}

function legsOf(dialString: string): { readonly who: string; readonly gateway: string | null }[] {
  return (
    dialString
      .replace(/^\{[^}]*\}/, '')
      // Variables of a leg are divided by commas too.
      .replace(/\[[^\]]*\]/g, '')
      .split(/[,|]/)
      .map((part) => {
        const leg = part.trim();
        const [, gateway, number] = /^sofia\/gateway\/([^/]+)\/(.+)$/.exec(leg) ?? [];
        if (gateway !== undefined && number !== undefined) return { who: number, gateway };
        return { who: /^user\/([^@]+)/.exec(leg)?.[1] ?? leg, gateway: null };
      })
  );
}
