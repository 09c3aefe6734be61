import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Fragment } from 'react';
import { TextButton } from '../../ui/text-button.tsx';
import type { Path } from './document.ts';
import { useEditing } from './editing.ts';
import { labelOf, partsOf } from './words.ts';

interface PlaceLinkProps {
  readonly path: Path;
  /** Before it goes there: a dialog closes. */
  readonly onGo?: () => void;
  /** The label of the field when left out. */
  readonly children?: ReactNode;
}

/** Leads to the field, in whatever fold it is. */
export function PlaceLink({ path, onGo, children }: PlaceLinkProps) {
  const { schema, table, reveal } = useEditing();
  return (
    <TextButton
      onClick={() => {
        onGo?.();
        reveal(path);
      }}
    >
      {children ?? labelOf(path, schema, table)}
    </TextButton>
  );
}

/** A sentence of the router: fields that it names by their keys are called by their labels, and lead there. */
export function Worded({ text, onGo }: { readonly text: string } & Pick<PlaceLinkProps, 'onGo'>) {
  const { schema } = useEditing();
  return partsOf(text, schema).map((part, index) =>
    'text' in part ? (
      <Fragment key={index}>{part.text}</Fragment>
    ) : (
      <Fragment key={index}>
        <PlaceLink path={part.path} {...(onGo === undefined ? {} : { onGo })} />{' '}
        <Text span inherit c="dimmed" className="mono">
          ({part.key})
        </Text>
      </Fragment>
    ),
  );
}
