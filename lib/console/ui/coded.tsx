import { Code } from '@mantine/core';

/** A sentence of ours in which `words` stand for code. */
export function Coded({ text }: { readonly text: string }) {
  return text.split('`').map((part, index) => (index % 2 === 0 ? part : <Code key={index}>{part}</Code>));
}
