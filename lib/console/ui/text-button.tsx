import { Anchor } from '@mantine/core';
import type { ReactNode } from 'react';

interface TextButtonProps {
  readonly onClick: () => void;
  readonly children: ReactNode;
}

/** A button that stands in a sentence. */
export function TextButton({ onClick, children }: TextButtonProps) {
  return (
    <Anchor component="button" type="button" inherit fw={600} ta="left" underline="always" onClick={onClick}>
      {children}
    </Anchor>
  );
}
