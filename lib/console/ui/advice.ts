/** An advice to run `curl -v URL` or `getent hosts NAME`, with the URL that is meant: ready to be copied into a shell. */
export function readyToRun(advice: string, url: string): string {
  if (!URL.canParse(url) || /['`\s]/.test(url)) return advice;
  return advice
    .replace('`curl -v URL`', () => `\`curl -v '${url}'\``)
    .replace('`getent hosts NAME`', () => `\`getent hosts ${new URL(url).hostname}\``);
}
