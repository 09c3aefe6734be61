import {
  ActionIcon,
  Group,
  NumberInput,
  Paper,
  Select,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core';
import {
  IconArrowDown,
  IconArrowUp,
  IconArrowBackUp,
  IconArrowRight,
  IconGripVertical,
  IconPhoneCall,
  IconPhoneOff,
  IconRoute,
  IconTrash,
  IconUserHeart,
  IconWebhook,
  IconWorldQuestion,
} from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { isObject, valueAt, withValue, type Path } from './document.ts';
import { useEditing, useFresh, usePlace } from './editing.ts';
import { dialTexts, dialValue, forwardingSeconds, kindOf, ringSeconds, type StepKind } from './steps.ts';

const ICONS: Readonly<Record<StepKind, typeof IconRoute>> = {
  dial: IconPhoneCall,
  lastAgent: IconUserHeart,
  webhook: IconWebhook,
  scheme: IconRoute,
  transfer: IconArrowRight,
  hangup: IconPhoneOff,
  dialplan: IconArrowBackUp,
};

interface StepCardProps {
  readonly step: unknown;
  readonly path: Path;
  readonly label: string;
  readonly index: number;
  readonly count: number;
  /** False: a step before it ends the list. */
  readonly isReached: boolean;
  readonly error: string | null;
  readonly isDragged: boolean;
  /** It has just been added, and is to be filled in. */
  readonly isNew: boolean;
  readonly onChange: (step: unknown) => void;
  readonly onRemove: () => void;
  /** -1 up, 1 down. */
  readonly onMove: (by: number) => void;
  readonly onDrag: (isDragged: boolean) => void;
  readonly onDropHere: () => void;
}

/** One step: what it does, how long it may take, and its place in the list. */
export function StepCard(props: StepCardProps) {
  const { t } = useTranslation();
  const { document, isReadOnly } = useEditing();
  const place = usePlace();
  const { leaving } = useFresh();
  const { step, label, index, count, isReached, error, isDragged, isNew } = props;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isNew) box.current?.querySelector<HTMLElement>('input, button:not(:disabled)')?.focus();
  }, [isNew]);
  const kind = kindOf(step);
  const Icon = kind === null ? IconWorldQuestion : ICONS[kind];
  const seconds = ringSeconds(step, document);
  return (
    <Paper
      ref={box}
      withBorder
      px="xs"
      py={6}
      opacity={isDragged ? 0.5 : 1}
      role="group"
      aria-label={label}
      {...place(props.path)}
      {...leaving(props.path)}
      onDragOver={(event) => {
        event.preventDefault();
      }}
      onDrop={(event) => {
        event.preventDefault();
        props.onDropHere();
      }}
    >
      <Group gap="xs" align="center">
        {!isReadOnly && (
          <span
            draggable
            title={t('schemes.fallback.drag')}
            style={{ cursor: 'grab', lineHeight: 0 }}
            onDragStart={(event) => {
              event.dataTransfer.effectAllowed = 'move';
              // Without any data Firefox drags nothing.
              event.dataTransfer.setData('text/plain', label);
              props.onDrag(true);
            }}
            onDragEnd={() => {
              props.onDrag(false);
            }}
          >
            <IconGripVertical size={16} aria-hidden />
          </span>
        )}
        <Icon size={18} aria-hidden style={{ flex: 'none' }} />
        <Text size="sm" w={112} style={{ flex: 'none' }} visibleFrom="xs">
          {kind === null ? t('schemes.steps.unknown') : t(`schemes.steps.${kind}`)}
        </Text>
        <Group gap="xs" flex="1 1 170px" wrap="nowrap" align="center" miw={0}>
          <StepInputs {...props} kind={kind} />
        </Group>
        {seconds > 0 && (
          <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
            {t('schemes.fallback.seconds', { seconds })}
          </Text>
        )}
        {!isReadOnly && (
          <Group gap={0} wrap="nowrap">
            <ActionIcon
              variant="subtle"
              color="gray"
              disabled={index === 0}
              aria-label={`${label}: ${t('schemes.fallback.up')}`}
              onClick={() => {
                props.onMove(-1);
              }}
            >
              <IconArrowUp size={16} />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              disabled={index === count - 1}
              aria-label={`${label}: ${t('schemes.fallback.down')}`}
              onClick={() => {
                props.onMove(1);
              }}
            >
              <IconArrowDown size={16} />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`${label}: ${t('schemes.fallback.remove')}`}
              onClick={props.onRemove}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        )}
      </Group>
      {(error !== null || !isReached) && (
        <Stack gap={0} mt={4}>
          {error !== null && (
            <Text size="xs" c="var(--mantine-color-error)" className="foreign">
              {error}
            </Text>
          )}
          {!isReached && (
            <Text size="xs" c="dimmed">
              {t('schemes.fallback.unreached')}
            </Text>
          )}
        </Stack>
      )}
    </Paper>
  );
}

function StepInputs({ step, label, kind, onChange }: StepCardProps & { readonly kind: StepKind | null }) {
  const { t } = useTranslation();
  const { document, schema, isReadOnly } = useEditing();
  const set = (path: readonly string[], value: unknown): void => {
    if (isObject(step)) onChange(withValue(step, path, value));
  };
  const text = (path: readonly string[], what: string, value: unknown = valueAt(step, path)) => (
    <TextInput
      size="xs"
      flex={1}
      miw={0}
      aria-label={`${label}: ${what}`}
      placeholder={what}
      classNames={{ input: 'mono' }}
      readOnly={isReadOnly}
      value={typeof value === 'string' ? value : ''}
      onChange={({ currentTarget }) => {
        set(path, currentTarget.value);
      }}
    />
  );
  const number = (path: readonly string[], what: string, fallback: number) => {
    const value = valueAt(step, path);
    return (
      <NumberInput
        size="xs"
        w={72}
        style={{ flex: 'none' }}
        clampBehavior="none"
        hideControls
        allowDecimal={false}
        readOnly={isReadOnly}
        title={what}
        aria-label={`${label}: ${what}`}
        placeholder={String(fallback)}
        value={typeof value === 'number' ? value : ''}
        onChange={(next) => {
          if (!isObject(step)) return;
          const changed = withValue(step, path, typeof next === 'number' ? next : undefined);
          // A step is known by its key, whatever it holds.
          onChange(kind === null || Object.hasOwn(changed, kind) ? changed : { ...changed, [kind]: {} });
        }}
      />
    );
  };
  switch (kind) {
    case 'dial':
      return (
        <>
          <DialInput
            step={step}
            label={label}
            onChange={(value) => {
              set(['dial'], value);
            }}
          />
          {number(['timeout'], t('schemes.steps.timeout'), forwardingSeconds(document))}
        </>
      );
    case 'lastAgent':
      return (
        <>
          {number(['lastAgent', 'days'], t('schemes.steps.days'), 30)}
          {number(['lastAgent', 'minTalkSeconds'], t('schemes.steps.minTalk'), 20)}
        </>
      );
    case 'webhook':
      return text(['webhook'], t('schemes.steps.url'));
    case 'scheme':
      return text(['scheme'], t('schemes.steps.schemeName'));
    case 'transfer':
      return (
        <>
          {text(['transfer', 'extension'], t('schemes.steps.extension'))}
          {text(['transfer', 'context'], t('schemes.steps.context'))}
        </>
      );
    case 'hangup':
      return (
        <Select
          size="xs"
          flex={1}
          searchable
          allowDeselect={false}
          readOnly={isReadOnly}
          aria-label={`${label}: ${t('schemes.steps.cause')}`}
          data={[...causesOf(schema)]}
          value={String(valueAt(step, ['hangup']))}
          onChange={(next) => {
            if (next !== null) set(['hangup'], next);
          }}
        />
      );
    case 'dialplan':
      return null;
    case null:
      return (
        <Text size="xs" className="mono foreign" truncate>
          {JSON.stringify(step)}
        </Text>
      );
  }
}

/** A list in order; `201 + 202` rings both together. */
function DialInput({
  step,
  label,
  onChange,
}: {
  readonly step: unknown;
  readonly label: string;
  readonly onChange: (value: unknown) => void;
}) {
  const { t } = useTranslation();
  const { isReadOnly } = useEditing();
  const value = dialTexts(valueAt(step, ['dial']));
  return (
    <TagsInput
      size="xs"
      flex={1}
      miw={0}
      readOnly={isReadOnly}
      aria-label={`${label}: ${t('schemes.steps.whom')}`}
      placeholder={value.length === 0 ? t('schemes.steps.whom') : ''}
      splitChars={[',']}
      allowDuplicates
      value={value}
      onChange={(next) => {
        onChange(dialValue(next));
      }}
    />
  );
}

function causesOf(schema: object): readonly string[] {
  const ways = valueAt(schema, ['definitions', 'Step', 'anyOf']);
  const found = (Array.isArray(ways) ? ways : [])
    .map((way: unknown) => valueAt(way, ['properties', 'hangup', 'enum']))
    .find((causes) => Array.isArray(causes));
  return Array.isArray(found) ? found.map(String) : [];
}
