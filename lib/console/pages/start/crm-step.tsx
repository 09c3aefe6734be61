import {
  Alert,
  Anchor,
  Button,
  Collapse,
  Group,
  List,
  Select,
  SimpleGrid,
  Stack,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { schemeNames } from '../../api/calls.ts';
import type { FieldFault } from '../../api/client.ts';
import { FailureOf } from '../../ui/failure.tsx';
import { usePresetWords } from '../../ui/preset-words.ts';
import { isAlike, isObject, valueAt, type SchemeDocument } from '../schemes/document.ts';
import { useFaultLine } from '../schemes/fault-words.ts';
import { placed } from '../schemes/places.ts';
import { faultsOf, onePreset, presets } from '../schemes/queries.ts';
import { isOwnShape, isSecured, OWN, OWN_SHAPES, SECURED } from '../schemes/shapes.ts';
import { mapOfText, textAt, textOfMap, withField, withShape } from './draft.ts';
import type { StepBodyProps } from './step.tsx';

/** Those of which a field here shows what is wrong. */
const SHOWN = ['/name', '/webhook/url', '/webhook/rpcMethod', '/webhook/responseName', '/webhook/map'];

/** Which CRM is asked, and what it answers. */
export function CrmStep({ draft, change, onNext }: StepBodyProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { data: offered = [] } = useQuery(presets);
  const words = usePresetWords();
  const [toDo, setToDo] = useState<readonly string[]>([]);
  const { document, shape } = draft;
  const shaping = useMutation({
    mutationFn: (name: string) => queries.query(onePreset(name)),
    onSuccess: (preset, name) => {
      setToDo(preset.toDo);
      change((before) => withShape(before, name, preset.document));
    },
  });
  const checking = useMutation({
    mutationFn: async () => {
      const name = textAt(document, ['name']);
      const found = await faultsOf(name, document, new AbortController().signal);
      // The router would say so only at the end, when it is to be saved.
      const isTaken =
        draft.etag === null && (await queries.query({ ...schemeNames, staleTime: 0 })).includes(name);
      return isTaken ? [...found, { pointer: '/name', detail: t('start.there.taken') }] : found;
    },
    onSuccess: (faults) => {
      if (faults.length === 0) onNext();
    },
  });
  const faults = (checking.data ?? []).map((fault) => placed(fault, document));
  const lineOf = useFaultLine();
  const rest = faults.filter(({ pointer = '' }) => !SHOWN.includes(pointer));
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    checking.mutate();
  };
  const field = (key: string) => ({
    value: textAt(document, ['webhook', key]),
    error: faultAt(faults, `/webhook/${key}`),
    onChange: ({ currentTarget }: React.ChangeEvent<HTMLInputElement>) => {
      const text = currentTarget.value;
      change((before) => withField(before, ['webhook', key], text));
    },
  });
  const importAs = valueAt(document, ['webhook', 'import']) ?? 'json';
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Select
            label={t('start.crm.shape')}
            data={[
              {
                group: t('start.crm.own'),
                items: OWN.map((value) => ({ value, label: t(`start.shapes.${value}`) })),
              },
              {
                group: t('start.crm.secured'),
                items: SECURED.map((value) => ({ value, label: t(`start.secured.${value}`) })),
              },
              {
                group: t('start.crm.presets'),
                items: offered
                  .filter(({ name }) => !isSecured(name))
                  .map(({ name }) => ({ value: name, label: name })),
              },
            ]}
            value={shape}
            allowDeselect={false}
            searchable
            nothingFoundMessage={t('ui.nothing')}
            description={
              isOwnShape(shape)
                ? t(`start.shapeHints.${shape}`)
                : words(offered.find(({ name }) => name === shape)?.what ?? '')
            }
            onChange={(value) => {
              if (value === null) return;
              checking.reset();
              if (!isOwnShape(value)) shaping.mutate(value);
              else {
                setToDo([]);
                change((before) => withShape(before, value, OWN_SHAPES[value]));
              }
            }}
          />
          <TextInput
            label={t('start.crm.name')}
            description={t('start.crm.nameHint')}
            value={textAt(document, ['name'])}
            error={faultAt(faults, '/name')}
            required
            disabled={draft.etag !== null}
            autoComplete="off"
            onChange={({ currentTarget }) => {
              const name = currentTarget.value.trim().toLowerCase();
              change((before) => withField(before, ['name'], name));
            }}
          />
        </SimpleGrid>
        <TextInput
          label={t('start.crm.url')}
          description={t('start.crm.urlHint')}
          placeholder="https://crm.your-company.com/route"
          inputMode="url"
          required
          autoFocus
          autoComplete="off"
          spellCheck={false}
          {...field('url')}
        />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {importAs !== 'http' && (
            <TextInput
              label={t('start.crm.responseName')}
              description={t('start.crm.responseNameHint')}
              placeholder="destination"
              autoComplete="off"
              {...field('responseName')}
            />
          )}
          {valueAt(document, ['webhook', 'submission']) === 'json-rpc' && (
            <TextInput
              label={t('start.crm.rpcMethod')}
              description={t('start.crm.rpcMethodHint')}
              autoComplete="off"
              {...field('rpcMethod')}
            />
          )}
        </SimpleGrid>
        {isObject(valueAt(document, ['webhook', 'map'])) && (
          <MapField
            key={shape}
            map={valueAt(document, ['webhook', 'map'])}
            error={faultAt(faults, '/webhook/map')}
            onMap={(map) => {
              change((before) => withField(before, ['webhook', 'map'], map));
            }}
          />
        )}
        {toDo.length > 0 && (
          <Stack gap={4}>
            <Text size="sm" fw={600}>
              {t('schemes.new.toDo')}
            </Text>
            <List size="sm">
              {toDo.map((line) => (
                <List.Item key={line}>{words(line)}</List.Item>
              ))}
            </List>
          </Stack>
        )}
        <WholeDocument
          document={document}
          onDocument={(next) => {
            change((before) => ({ ...before, document: next, tried: null }));
          }}
        />
        {rest.length > 0 && (
          <Alert color="red" role="alert" title={t('start.crm.faults')}>
            <List size="sm" className="foreign">
              {rest.map((fault) => (
                <List.Item key={`${fault.pointer ?? ''} ${fault.detail}`}>{lineOf(fault)}</List.Item>
              ))}
            </List>
          </Alert>
        )}
        {(checking.error ?? shaping.error) !== null && <FailureOf error={checking.error ?? shaping.error} />}
        <Group>
          <Button type="submit" loading={checking.isPending}>
            {t('start.next')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function faultAt(faults: readonly FieldFault[], pointer: string): string | undefined {
  return faults.find((one) => one.pointer === pointer)?.detail;
}

interface MapFieldProps {
  readonly map: unknown;
  readonly error: string | undefined;
  readonly onMap: (map: Readonly<Record<string, string>>) => void;
}

/** What is typed stays as it is typed. */
function MapField({ map, error, onMap }: MapFieldProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(() => textOfMap(map));
  return (
    <Textarea
      label={t('start.crm.map')}
      description={t('start.crm.mapHint')}
      placeholder="17 = 201"
      autosize
      minRows={2}
      maxRows={12}
      classNames={{ input: 'mono' }}
      spellCheck={false}
      value={text}
      error={error}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        onMap(mapOfText(currentTarget.value));
      }}
    />
  );
}

interface WholeProps {
  readonly document: SchemeDocument;
  readonly onDocument: (document: SchemeDocument) => void;
}

/** Everything that has no field here. */
function WholeDocument({ document, onDocument }: WholeProps) {
  const { t } = useTranslation();
  const [isOpen, { toggle }] = useDisclosure(false);
  const [typed, setTyped] = useState<string | null>(null);
  const read = typed === null ? null : parsed(typed);
  // As it is typed, for as long as it says the same.
  const isOwn = typed !== null && (read === null || isAlike(read, document));
  return (
    <div>
      <Anchor component="button" type="button" size="sm" onClick={toggle} aria-expanded={isOpen}>
        {t('start.crm.whole')}
      </Anchor>
      <Collapse expanded={isOpen}>
        <Textarea
          mt={6}
          aria-label={t('start.crm.whole')}
          autosize
          minRows={6}
          maxRows={24}
          classNames={{ input: 'mono' }}
          spellCheck={false}
          value={isOwn ? typed : JSON.stringify(document, null, 2)}
          error={isOwn && read === null ? t('start.crm.notJson') : undefined}
          onChange={({ currentTarget }) => {
            const next = parsed(currentTarget.value);
            setTyped(currentTarget.value);
            if (next !== null) onDocument(next);
          }}
        />
      </Collapse>
    </div>
  );
}

function parsed(text: string): SchemeDocument | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
