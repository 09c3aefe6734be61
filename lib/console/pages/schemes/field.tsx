import { useTranslation } from 'react-i18next';
import { AuthField } from './auth-field.tsx';
import { valueAt } from './document.ts';
import { useEditing, useFaultAt } from './editing.ts';
import { EventsField, QuestionsField } from './entries.tsx';
import { pathOfField, submissionOf, type Field } from './fields.ts';
import {
  ChoiceField,
  ChoicesField,
  CountryField,
  ListField,
  NumberField,
  NumberOrNullField,
  NumbersField,
  RangeField,
  TemplateField,
  TextField,
  TextsField,
  YesNoField,
  type InputProps,
} from './inputs.tsx';
import { JsonField } from './json-field.tsx';
import { OneOfField } from './one-of.tsx';
import { isRequired } from './places.ts';
import { nodeAt } from './schema.ts';
import { TableField } from './table-field.tsx';
import { fieldWords } from './words.ts';

/** One field by its kind, with its label, what it means and what is wrong with it. */
export function SchemeField({ field }: { readonly field: Field }) {
  const { t, i18n } = useTranslation();
  const { document, set, schema, table } = useEditing();
  const faultAt = useFaultAt();
  const path = pathOfField(field);
  const node = nodeAt(schema, path);
  if (node === null) return null;
  const { label, doc } = fieldWords(field.path, node, table);
  const unit = node['x-unit'];
  const unitKey = `schemes.units.${unit ?? ''}`;
  const unitWord = unit !== undefined && i18n.exists(unitKey) ? t(unitKey as 'schemes.units.seconds') : unit;
  const props: InputProps = {
    label: unitWord === undefined ? label : `${label}, ${unitWord}`,
    description: doc,
    error: faultAt(path),
    required: isRequired(schema, document, path),
    node,
    value: valueAt(document, path),
    set: (value) => {
      set(path, value);
    },
  };
  switch (field.kind) {
    case 'text':
      // The address has it, and the store: another name is another scheme.
      return <TextField {...props} {...(field.path === 'name' ? { isReadOnly: true } : {})} />;
    case 'template':
      return <TemplateField {...props} />;
    case 'number':
      return <NumberField {...props} />;
    case 'number-or-null':
      return <NumberOrNullField {...props} />;
    case 'choice':
      // JSON goes by POST, whatever the document says; that stays, for when it is sent otherwise again.
      return field.path === 'webhook.method' && submissionOf(document) !== 'http' ? (
        <ChoiceField {...props} value="POST" isReadOnly description={t('schemes.alwaysPost')} />
      ) : (
        <ChoiceField {...props} />
      );
    case 'yes-no':
      return field.path === 'events.answered' ? (
        <YesNoField {...props} unset={t('schemes.entries.everyCall')} />
      ) : (
        <YesNoField {...props} />
      );
    case 'choices':
      return <ChoicesField {...props} />;
    case 'texts':
      return <TextsField {...props} />;
    case 'list':
      return <ListField {...props} />;
    case 'numbers':
      return <NumbersField {...props} />;
    case 'range':
      return <RangeField {...props} />;
    case 'country':
      return <CountryField {...props} />;
    case 'auth':
      return <AuthField {...props} />;
    case 'json':
      return <JsonField {...props} />;
    case 'rows':
      return <TableField {...props} path={path} cells="templates" />;
    case 'pairs':
      return <TableField {...props} path={path} cells="texts" />;
    case 'lists':
      return <TableField {...props} path={path} cells="lists" />;
    case 'targets':
      return <TableField {...props} path={path} cells="targets" />;
    case 'one-of':
      return <OneOfField {...props} path={path} />;
    case 'questions':
      return <QuestionsField {...props} path={path} Drawn={SchemeField} />;
    case 'events':
      return <EventsField {...props} path={path} Drawn={SchemeField} />;
  }
}
