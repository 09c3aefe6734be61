import { Anchor } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

const CUT = 400;

/** What a caller or a CRM said: as text, and a long one cut until somebody wants all of it. */
export function LongText({ text }: { readonly text: string }) {
  const { t } = useTranslation();
  const [isAll, setAll] = useState(false);
  if (text.length <= CUT || isAll) return <span className="mono foreign">{text}</span>;
  return (
    <>
      <span className="mono foreign">{text.slice(0, CUT)}…</span>{' '}
      <Anchor
        component="button"
        type="button"
        size="xs"
        onClick={() => {
          setAll(true);
        }}
      >
        {t('schemes.showAll', { count: text.length })}
      </Anchor>
    </>
  );
}
