import type { Scheme } from '../scheme/scheme.ts';

/** Faults of what a scheme names to be tried beside it, its shadow and its canary; and of calls that it hands to a shadow. */
export function besideFaults(
  scheme: Scheme,
  find: (name: string) => Scheme | null,
  isAwaited: (name: string) => boolean,
): string[] {
  const { name, mode, shadow, canary, fallback } = scheme;
  const faults: string[] = [];
  const other = (path: string, named: string): Scheme | null => {
    const found = find(named);
    if (named === name) faults.push(`${path}: names the scheme itself`);
    else if (found === null && !isAwaited(named)) faults.push(`${path}: there is no scheme "${named}"`);
    return named === name ? null : found;
  };
  if (mode === 'shadow') {
    for (const key of ['shadow', 'canary'] as const)
      if (scheme[key] !== undefined)
        faults.push(`${key}: is not allowed in a scheme in shadow mode, which decides no calls`);
    return faults;
  }
  if (shadow !== undefined) {
    const circle = circleFrom(scheme, find);
    if (other('shadow', shadow) !== null && circle !== null)
      faults.push(`shadow: schemes are the shadows of one another: ${circle}`);
  }
  if (canary !== undefined) {
    const found = other('canary.scheme', canary.scheme);
    const taken = `canary.scheme: "${canary.scheme}"`;
    if (found?.mode === 'shadow') faults.push(`${taken} is in shadow mode, and decides no calls`);
    if (found?.canary !== undefined) faults.push(`${taken} has a canary too: only one of them may have one`);
  }
  for (const [list, steps] of Object.entries(fallback)) {
    steps?.forEach((step, index) => {
      if ('scheme' in step && find(step.scheme)?.mode === 'shadow')
        faults.push(
          `fallback.${list}.${index}: the scheme "${step.scheme}" is in shadow mode, and decides no calls`,
        );
    });
  }
  return faults;
}

/** `a -> b -> a`, where the shadows that begin here come back. */
function circleFrom(first: Scheme, find: (name: string) => Scheme | null): string | null {
  const path = [first.name];
  for (let at: Scheme | null = first; at?.shadow !== undefined; at = find(at.shadow)) {
    path.push(at.shadow);
    if (at.shadow === first.name) return path.join(' -> ');
    // A circle further on is told of the schemes that are in it.
    if (path.indexOf(at.shadow) < path.length - 1) return null;
  }
  return null;
}
