import { Anchor, Button, type AnchorProps, type ButtonProps } from '@mantine/core';
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

interface ButtonLinkProps extends ButtonProps {
  readonly href?: string;
  readonly ref?: Ref<HTMLAnchorElement>;
}

/** The same where it stands among buttons. */
export const ButtonLink = createLink(function PlainButton(props: ButtonLinkProps) {
  return <Button component="a" {...props} />;
});
