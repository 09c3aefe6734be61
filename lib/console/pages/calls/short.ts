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
  return (
    dialString
      .replace(/^\{[^}]*\}/, '')
      // Variables of a leg are divided by commas too.
      .replace(/\[[^\]]*\]/g, '')
      .split(/[,|]/)
      .map((part) => {
        const leg = part.trim();
        const gateway = /^sofia\/gateway\/([^/]+)\/(.+)$/.exec(leg);
        if (gateway !== null) return `${gateway[2] ?? ''} · ${gateway[1] ?? ''}`;
        return /^user\/([^@]+)/.exec(leg)?.[1] ?? leg;
      })
      .join(', ')
  );
}
