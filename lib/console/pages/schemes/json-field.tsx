import { Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isAlike } from './document.ts';
import { useShared, type InputProps } from './inputs.tsx';
import { textOf } from './schema.ts';

/** A part of the document that has no form of its own: as JSON. */
export function JsonField(props: InputProps) {
  const { t } = useTranslation();
  const { value, set, node } = props;
  const [typed, setTyped] = useState<string | null>(null);
  const read = typed === null ? null : parsed(typed);
  const isOwn = typed !== null && read !== null && (!read.ok || isAlike(read.value, value));
  const text = isOwn ? typed : value === undefined ? '' : JSON.stringify(value, null, 2);
  const shared = useShared({
    ...props,
    error: isOwn && !read.ok ? t('schemes.json.broken') : props.error,
  });
  return (
    <Textarea
      {...shared}
      autosize
      minRows={1}
      maxRows={16}
      classNames={{ input: 'mono' }}
      spellCheck={false}
      value={text}
      placeholder={textOf(node.examples?.[0])}
      onChange={({ currentTarget }) => {
        const next = parsed(currentTarget.value);
        setTyped(currentTarget.value);
        if (next.ok) set(next.value);
      }}
    />
  );
}

type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

/** Nothing at all is the field left out. */
function parsed(text: string): Parsed {
  if (text.trim() === '') return { ok: true, value: undefined };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}
