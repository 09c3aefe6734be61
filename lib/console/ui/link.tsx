import { Anchor, type AnchorProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { ReactNode, Ref } from 'react';

interface PlainProps extends Omit<AnchorProps, 'href'> {
  readonly href?: string;
  readonly children?: ReactNode;
  readonly ref?: Ref<HTMLAnchorElement>;
}

/** A link to another page of the console, checked by the types of the addresses. */
export const PageLink = createLink(function Plain(props: PlainProps) {
  return <Anchor {...props} />;
});
