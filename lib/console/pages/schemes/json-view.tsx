import { lazy, Suspense } from 'react';
import { Group, Loader, Paper, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isAlike, isObject, type SchemeDocument } from './document.ts';
import { useEditing } from './editing.ts';

const CodeEditor = lazy(() => import('./code-editor.tsx'));

/** The whole document as JSON, which the form and it write in turn. What is no JSON yet is in the text alone. */
export function JsonView({ onChange }: { readonly onChange: (document: SchemeDocument) => void }) {
  const { t } = useTranslation();
  const { document, isReadOnly } = useEditing();
  const [typed, setTyped] = useState<string | null>(null);
  const read = typed === null ? undefined : parsed(typed);
  // As it was typed, as long as it says what the document says or nothing yet.
  const text =
    typed !== null && (read === undefined || isAlike(read, document))
      ? typed
      : JSON.stringify(document, null, 2);
  return (
    <Paper withBorder p="sm" component="section">
      <Stack gap="xs">
        <Group justify="space-between">
          <Title order={2}>JSON</Title>
          {typed !== null && read === undefined && (
            <Text size="xs" c="var(--mantine-color-error)" role="status">
              {t('schemes.json.broken')}
            </Text>
          )}
        </Group>
        <Suspense fallback={<Loader size="sm" />}>
          <CodeEditor
            text={text}
            label={t('schemes.json.label')}
            isReadOnly={isReadOnly}
            onChange={(next) => {
              setTyped(next);
              const value = parsed(next);
              if (value !== undefined) onChange(value);
            }}
          />
        </Suspense>
      </Stack>
    </Paper>
  );
}

/** Undefined for what is no object in JSON. */
function parsed(text: string): SchemeDocument | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
